// The page and the chart that a whole bench leaves behind.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { machine } from './machine.mjs';
import { ROOT } from './process.mjs';
import { goalTable } from './report.mjs';
import { median } from './stats.mjs';

/** Beside what they are measured against; each program's head says the same. */
const LEAVES_OUT = {
  'bare node': 'everything: `node -e 0`',
  'bare yaml.parse': 'checks, places, sending, state',
  'raw undici': 'the manifest, checks, state: ten connections of `Pool.request`; what a crash leaves behind is lost',
  'raw undici, dispatch': 'the same, by `Pool.dispatch` with a bare handler',
  'raw node:http': 'the same, by a keep-alive agent of ten sockets',
  'curl --parallel': 'the manifest, state, and the ids: the list of requests is made before it is timed',
  'jq, xargs -P 10, curl': 'YAML, whose id is whose, a second run',
  'naive state file':
    'checks; a crash between a POST and its record doubles a webhook, one while it writes loses the file',
  'npm alchemy':
    'the manifest, a bound of ten requests at a time (a thousand); a crash between a POST and its record doubles a webhook',
};

export function resultsPage(measured, bench, { minutes }) {
  return [
    '# Measured',
    '',
    'Written by `npm run bench`, the figures and all; only the last part, on where the time goes, is [written by hand](PROFILE.md). Ratios of whole processes that ran in turns on one machine: absolute times mean little on another one. The floors are in `bench/floors/`.',
    '',
    ...machine(bench).map((line) => `- ${line}`),
    `- ${new Date().toISOString().slice(0, 10)}, ${minutes.toFixed(0)} minutes`,
    '',
    '## Goals',
    '',
    goalTable(measured.flatMap(({ goals }) => goals)),
    'The median of the rounds decides. The size of the container image is not measured here. Where the rest of the time goes stands at the end.',
    '',
    '## What the others leave out',
    '',
    '**None of them flushes anything to disk. `apply` does: each intent before its POST, each id before its end.**',
    '',
    '| | leaves out |',
    '|---|---|',
    ...Object.entries(LEAVES_OUT).map(([name, what]) => `| ${name} | ${what} |`),
    '',
    ...measured.map(({ text }) => text),
    profile(),
  ].join('\n');
}

/** Its headlines one level deeper: it is a part of the page. */
function profile() {
  return readFileSync(join(ROOT, 'bench/PROFILE.md'), 'utf8').replace(/^#/gm, '##');
}

/** Whole-process time by number of webhooks, from the peers' experiments and the growth's. */
export function timeChart(measured, sizes) {
  const of = (experiment, program) => {
    const results = measured.find(({ name }) => name === experiment)?.results ?? [];
    const times = results.flatMap((round) => round[program]?.ms ?? []);
    return times.length === 0 ? null : median(times);
  };
  const points = (...pairs) => pairs.filter(([, ms]) => ms !== null);
  const byPeers = (program) =>
    Object.entries(sizes.peers).map(([pick, count]) => [count, of(`peers-${pick}`, program)]);
  const most = (program) => [sizes.most, of('growth', `${program}, ${sizes.most}`)];
  const floors = [byPeers('raw undici'), byPeers('bare yaml.parse')];
  const floor = [...floors[0], most('raw undici')].map(([count, ms], n) => {
    const parse = [...floors[1], most('bare yaml.parse')][n][1];
    return [count, ms === null || parse === null ? null : ms + parse];
  });
  return chart('Time to create N webhooks, whole process, no latency', [
    { name: 'copernica-webhooks', points: points(...byPeers('apply'), most('apply')) },
    { name: 'naive state file', points: points(...byPeers('naive state file')) },
    { name: 'floor: undici + yaml', points: points(...floor) },
  ]);
}

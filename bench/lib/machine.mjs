// What the figures were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { CERTIFICATES, ROOT } from './process.mjs';

const versionOf = (name) => JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;

/** First line of what a program says, or that it is not there. */
function saidBy(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0];
  } catch {
    return `${program}: not there`;
  }
}

export function machine(bench) {
  const { model } = cpus()[0] ?? { model: 'unknown processor' };
  const [load] = loadavg();
  return [
    `${type()} ${release()}, ${cpus().length} × ${model.trim()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB; load at the end ${load.toFixed(1)}`,
    `Node ${process.version}, undici ${versionOf('undici')}, yaml ${versionOf('yaml')}, ${Object.values(bench.peers)
      .map(({ what }) => what)
      .join(', ')}`,
    ...(process.env[CERTIFICATES] === undefined
      ? []
      : [`${CERTIFICATES} is set, for floors and product alike: each Node process reads certificates when it starts`]),
    `commit ${saidBy('git', ['-C', ROOT, 'log', '-1', '--format=%h %s'])}`,
  ];
}

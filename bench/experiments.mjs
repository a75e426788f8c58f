// What is measured, and what it has to come to. `programs` run in turns, in each round; a goal is a ratio of one round.
import { setTimeout as delay } from 'node:timers/promises';
import { clock, manifestOf } from './entries.mjs';
import { ON_POSTGRES } from './postgres.mjs';
import {
  alchemy,
  applyAll,
  bareNode,
  CONCURRENCY,
  curl,
  naive,
  PARTS,
  parseYaml,
  product,
  rawUndici,
  refreshAll,
  residentMb,
  startDaemon,
  startIdleNode,
  within,
  writeManifest,
  writePart,
} from './programs.mjs';

const LATENCY_MS = 20;
/** What the wire alone takes. */
const limitMs = (count) => (count * LATENCY_MS) / CONCURRENCY;

export const SIZES = { many: 10_000, some: 1_000, edits: 10, idleMs: 10_000, accounts: 1_000, leaseMs: 5_000 };
export const QUICK_SIZES = { many: 300, some: 50, edits: 2, idleMs: 500, accounts: 12, leaseMs: 2_000 };

const numeral = (number) => number.toLocaleString('en');

/** Short ones scatter most, and cost least. */
const startup = {
  name: 'startup',
  title: () => 'Commands that end at once, ten entries, no state',
  repeats: 3,
  prepare: (bench) => writeManifest(bench, manifestOf(10)),
  programs: () => ({
    'bare node': bareNode,
    '--version': (bench) => product(bench, ['--version']),
    validate: (bench) => product(bench, ['validate']),
    'plan --no-refresh': (bench) => product(bench, ['plan', '--no-refresh']),
  }),
  goals: () =>
    ['validate', 'plan --no-refresh'].map((name) => ({
      what: `\`${name}\` of 10 against bare node`,
      ratio: (round) => round[name].ms / round['bare node'].ms,
      atMost: 5,
    })),
};

const create = {
  name: 'create',
  title: ({ many }) => `Creating ${numeral(many)} webhooks, no latency, ten requests at a time`,
  prepare: (bench, { many }) => writeManifest(bench, manifestOf(many)),
  programs: ({ many }) => ({
    'bare yaml.parse': parseYaml,
    'raw undici': (bench) => rawUndici(bench, many),
    apply: (bench) => applyAll(bench, many),
  }),
  goals: ({ many }) => [
    {
      what: `\`apply\` creating ${numeral(many)}, against raw undici + bare \`yaml.parse\``,
      ratio: (round) => round.apply.ms / (round['raw undici'].ms + round['bare yaml.parse'].ms),
      atMost: 2,
    },
    {
      what: "its peak memory, against bare `yaml.parse`'s",
      ratio: (round) => round.apply.rssMb / round['bare yaml.parse'].rssMb,
      atMost: 1.5,
    },
  ],
};

const latency = {
  name: 'latency',
  title: ({ some }) =>
    `Creating ${numeral(some)} webhooks at ${LATENCY_MS} ms: the wire's limit is ${limitMs(some)} ms`,
  prepare: (bench, { some }) => writeManifest(bench, manifestOf(some)),
  programs: ({ some }, { peers }) => ({
    'raw undici': (bench) => rawUndici(bench, some, LATENCY_MS),
    apply: (bench) => applyAll(bench, some, LATENCY_MS),
    'curl --parallel': ifThere(peers.curl, (bench) => curl(bench, some, LATENCY_MS)),
    'npm alchemy': ifThere(peers.alchemy, (bench) => alchemy(bench, some, LATENCY_MS)),
  }),
  goals: ({ some }) => [
    {
      what: `the wire's limit against \`apply\` creating ${numeral(some)} at ${LATENCY_MS} ms, first POST to last answer`,
      ratio: (round) => limitMs(some) / round.apply.phaseMs,
      atLeast: 0.85,
    },
  ],
};

const refresh = {
  name: 'refresh',
  title: ({ some }) =>
    `Refreshing ${numeral(some)} webhooks at ${LATENCY_MS} ms: the wire's limit is ${limitMs(some)} ms`,
  async prepare(bench, { some }) {
    writeManifest(bench, manifestOf(some));
    await applyAll(bench, some);
  },
  programs: ({ some }) => ({ 'apply, nothing to do': (bench) => refreshAll(bench, some, LATENCY_MS) }),
  goals: ({ some }) => [
    {
      what: `the wire's limit against the refresh of ${numeral(some)} at ${LATENCY_MS} ms, first read to last answer`,
      ratio: (round) => limitMs(some) / round['apply, nothing to do'].phaseMs,
      atLeast: 0.85,
    },
  ],
};

const edit = {
  name: 'edit',
  title: ({ edits }) => `From a saved edit to its POST, ten entries, ${edits} edits a round`,
  mostRounds: 3,
  prepare: () => {},
  programs: ({ edits }) => ({ 'edit to POST': (bench) => editing(within(bench, `${clock()}`), edits) }),
  goals: () => [
    {
      what: 'from a saved edit to its POST on the wire, median of the edits',
      ratio: (round) => round['edit to POST'].ms,
      unit: 'ms',
      atMost: 150,
    },
  ],
};

async function editing(bench, edits) {
  const edited = (n) =>
    `${manifestOf(9)}  - { name: edited${n}, handler: 'https://hooks.example.com/edited/${n}', trigger: create }\n`;
  writeManifest(bench, edited(0));
  await bench.server.begin();
  const daemon = await startDaemon(bench);
  try {
    await bench.server.begin({ keep: true, watch: true });
    const times = [];
    for (let n = 1; n <= edits; n += 1) {
      // Edits come at any time of the watcher's own beat.
      await delay(300 + ((n * 370) % 1_000));
      const [posted, reconciled] = [bench.server.nextPost(), daemon.reconciled()];
      const savedAt = clock();
      writeManifest(bench, edited(n));
      times.push((await posted).at - savedAt);
      await reconciled;
    }
    return { ms: times.sort((a, b) => a - b)[times.length >> 1] };
  } finally {
    await daemon.stop();
  }
}

const FILES = 40;

const folder = {
  name: 'folder',
  title: ({ many }) =>
    `An edit of one file of ${FILES} with ${numeral(many)} entries, until it is applied, beside that file alone`,
  mostRounds: 3,
  prepare: () => {},
  programs: ({ many, edits }) => ({
    'that file alone': (bench) =>
      editingParts(within(bench, `${clock()}`), { files: 1, each: Math.ceil(many / FILES), edits }),
    'all of them': (bench) =>
      editingParts(within(bench, `${clock()}`), { files: FILES, each: Math.ceil(many / FILES), edits }),
  }),
  goals: () => [
    {
      what: `an edit of one file of ${FILES}, against that file alone`,
      ratio: (round) => round['all of them'].ms / round['that file alone'].ms,
      atMost: 1.5,
    },
  ],
};

/** `ms`: from a saved edit to the end of the run that it led to, median of the edits. */
async function editingParts(bench, { files, each, edits }) {
  const part = (file) => manifestOf(each, file * each);
  const edited = (n) =>
    `${part(0)}  - { name: edited${n}, handler: 'https://hooks.example.com/edited/${n}', trigger: create }\n`;
  for (let file = 1; file < files; file += 1) writePart(bench, `part-${file}.yaml`, part(file));
  writePart(bench, 'edited.yaml', edited(0));
  await bench.server.begin();
  const daemon = await startDaemon(bench, ['--file', PARTS]);
  try {
    const times = [];
    for (let n = 1; n <= edits; n += 1) {
      await delay(300 + ((n * 370) % 1_000));
      const reconciled = daemon.reconciled();
      const savedAt = clock();
      writePart(bench, 'edited.yaml', edited(n));
      await reconciled;
      times.push(clock() - savedAt);
    }
    return { ms: times.sort((a, b) => a - b)[times.length >> 1] };
  } finally {
    await daemon.stop();
  }
}

const idle = {
  name: 'idle',
  title: ({ some, idleMs }) => `The daemon with ${numeral(some)} webhooks after ${idleMs / 1000} s without work`,
  mostRounds: 3,
  prepare: (bench, { some }) => writeManifest(bench, manifestOf(some)),
  programs: ({ idleMs }) => ({
    'bare node': async () => memoryAfter(await startIdleNode(), idleMs),
    run: async (bench) => {
      await bench.server.begin({ keep: true });
      return memoryAfter(await startDaemon(bench), idleMs);
    },
  }),
  goals: ({ some }) => [
    {
      what: `resident memory of the idle daemon with ${numeral(some)}, against an idle bare node`,
      ratio: (round) => round.run.rssMb / round['bare node'].rssMb,
      atMost: 2.5,
    },
  ],
};

async function memoryAfter(running, ms) {
  try {
    await delay(ms);
    return { rssMb: residentMb(running.pid) };
  } finally {
    await running.stop();
  }
}

const beside = {
  name: 'peers',
  title: ({ some }) => `Creating ${numeral(some)} webhooks, no latency, beside what else there is`,
  mostRounds: 3,
  prepare: (bench, { some }) => writeManifest(bench, manifestOf(some)),
  programs: ({ some }, { peers }) => ({
    apply: (bench) => applyAll(bench, some),
    'naive state file': (bench) => naive(bench, some),
    'curl --parallel': ifThere(peers.curl, (bench) => curl(bench, some)),
    'npm alchemy': ifThere(peers.alchemy, (bench) => alchemy(bench, some)),
  }),
  goals: () => [],
};

/** A peer's trouble is said in its row; the others go on. */
function ifThere({ missing }, measure) {
  if (missing !== null) return async () => ({ why: missing });
  return (bench) => measure(bench).catch((error) => ({ why: error.message.split('\n', 1)[0] }));
}

export const EXPERIMENTS = [startup, create, latency, refresh, edit, folder, idle, beside, ...ON_POSTGRES];

/** Beside what they are measured against. None of them flushes anything to disk; `apply` does. */
export const LEAVES_OUT = {
  'bare node': 'everything: `node -e 0`',
  'bare yaml.parse': 'checks, places, sending, state',
  'raw undici': 'the manifest, checks, state: ten connections of `Pool.request`',
  'curl --parallel': 'the manifest, state, and the ids: the list of requests is made before it is timed',
  'naive state file':
    'checks; a crash between a POST and its record doubles a webhook, one while it writes loses the file',
  'npm alchemy':
    'the manifest, a bound of ten requests at a time (a thousand); a crash between a POST and its record doubles a webhook',
};

// The daemon: what it takes while nothing happens, and how soon an edit is on the wire.
import { setTimeout as delay } from 'node:timers/promises';
import { kernelView, startDaemon, startIdleNode } from '../lib/daemon.mjs';
import { manifestOf } from '../lib/entries.mjs';
import { clock } from '../lib/process.mjs';
import { within, writeManifest } from '../lib/programs.mjs';
import { median, numeral } from '../lib/stats.mjs';

const SETTLE_MS = 3_000;

export const idleDaemon = {
  name: 'daemon-idle',
  title: ({ some, idleMs }) => `The daemon idle with ${numeral(some)} webhooks, for ${idleMs / 1000} s`,
  mostRounds: 3,
  prepare: (bench, { some }) => writeManifest(within(bench, 'daemon'), manifestOf(some)),
  programs: ({ idleMs }) => ({
    'bare node, idle': async () => watchIdle(await startIdleNode(), idleMs),
    'daemon, idle': async (bench) => {
      await bench.server.begin({ keep: true });
      return watchIdle(await startDaemon(within(bench, 'daemon')), idleMs);
    },
  }),
  goals: ({ some }) => [
    {
      what: `resident memory of the daemon idle with ${numeral(some)}, against an idle bare node`,
      ratio: (round) => round['daemon, idle'].residentMb / round['bare node, idle'].residentMb,
      atMost: 2,
    },
    {
      what: 'wake-ups of its main thread in a second, the watcher looking every two seconds, no schedule',
      ratio: (round) => round['daemon, idle'].wakeUps,
      unit: '/ s',
      shown: 'only the schedule’s and the watcher’s: a number, for a person to judge',
    },
  ],
};

async function watchIdle(running, idleMs) {
  try {
    await delay(SETTLE_MS);
    const before = kernelView(running.pid).sleeps;
    await delay(idleMs);
    const { residentMb, sleeps } = kernelView(running.pid);
    return { residentMb, wakeUps: ((sleeps - before) / idleMs) * 1000 };
  } finally {
    await running.stop();
  }
}

export const edit = {
  name: 'edit',
  title: ({ edits }) => `From a saved edit to its POST, 10 entries, ${edits} edits a round`,
  mostRounds: 3,
  prepare: () => {},
  programs: ({ edits }) => ({
    'edit to POST': async (bench) => {
      const here = within(bench, `edit-${clock()}`);
      writeManifest(here, editedTimes(0));
      await bench.server.begin();
      const daemon = await startDaemon(here);
      try {
        await bench.server.begin({ keep: true, watch: true });
        const times = [];
        for (let n = 1; n <= edits; n += 1) times.push(await timeEdit(here, daemon, n));
        return { ms: median(times), slowestMs: Math.max(...times) };
      } finally {
        await daemon.stop();
      }
    },
  }),
  goals: () => [
    {
      what: 'from a saved edit to the POST on the wire, 10 entries, median',
      ratio: (round) => round['edit to POST'].ms,
      unit: 'ms',
      atMost: 150,
    },
  ],
};

/** Ten entries, the last of which is another one after each edit. */
const editedTimes = (n) =>
  `${manifestOf(9)}  - { name: edited${n}, handler: 'https://hooks.example.com/edited/${n}', trigger: create }\n`;

async function timeEdit(bench, daemon, n) {
  // Edits come at any time of the watcher's own beat.
  await delay(300 + ((n * 370) % 1_000));
  const [posted, reconciled] = [bench.server.nextPost(), daemon.reconciled()];
  const savedAt = clock();
  writeManifest(bench, editedTimes(n));
  const { at } = await posted;
  await reconciled;
  return at - savedAt;
}

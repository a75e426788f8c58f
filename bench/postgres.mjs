// What a state on PostgreSQL costs beside one in a file, how long it takes until another replica leads, and what a
// thousand accounts take.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onDatabase } from './databases.mjs';
import { clock, manifestOf } from './entries.mjs';
import {
  applyAll,
  applyToDatabase,
  processorMs,
  residentMb,
  spawnDaemon,
  startDaemon,
  within,
  writeManifest,
} from './programs.mjs';

const LATENCY_MS = 20;
const LEADS = 'this replica leads';
const STANDS_BY = 'standing by: another replica leads';
const RECONCILED = '"reconciled';

const create = {
  name: 'postgres',
  title: ({ some }) => `Creating ${some} webhooks at ${LATENCY_MS} ms, with the state in a file and on PostgreSQL`,
  prepare: (bench, { some }) => writeManifest(bench, manifestOf(some)),
  programs: ({ some }) => ({
    file: (bench) => applyAll(bench, some, LATENCY_MS),
    PostgreSQL: async (bench) => {
      const place = await onDatabase(bench);
      const before = await place.transactions();
      const measured = await applyToDatabase(place, some, LATENCY_MS);
      return { ...measured, transactions: (await place.transactions()) - before };
    },
  }),
  goals: ({ some }) => [
    {
      what: 'requests of `apply` on PostgreSQL, pace against that with a file',
      ratio: (round) => round.file.phaseMs / round.PostgreSQL.phaseMs,
      atLeast: 0.85,
    },
    {
      what: 'transactions of the database for each create',
      ratio: (round) => round.PostgreSQL.transactions / some,
      atMost: 1,
    },
  ],
};

const takeOver = {
  name: 'takeover',
  title: ({ leaseMs }) => `Until another replica leads, with --lease ${leaseMs}ms`,
  mostRounds: 3,
  prepare: (bench) => writeManifest(bench, manifestOf(10)),
  programs: ({ leaseMs }) => ({
    SIGKILL: (bench) => takingOver(bench, leaseMs, 'SIGKILL'),
    SIGTERM: (bench) => takingOver(bench, leaseMs, 'SIGTERM'),
  }),
  goals: ({ leaseMs }) => [
    {
      what: 'from SIGKILL of the leader until another leads',
      ratio: (round) => round.SIGKILL.takeOverMs,
      unit: 'ms',
      atMost: leaseMs + 5_000,
    },
    {
      what: 'from SIGTERM of the leader until another leads',
      ratio: (round) => round.SIGTERM.takeOverMs,
      unit: 'ms',
      atMost: 5_000,
    },
  ],
};

async function takingOver(bench, leaseMs, signal) {
  const place = await onDatabase(bench);
  await place.server.begin();
  const leader = await startDaemon(place, ['--lease', `${leaseMs}ms`]);
  const standby = spawnDaemon(place, ['--lease', `${leaseMs}ms`]);
  try {
    await standby.logged(STANDS_BY);
    const leads = standby.logged(LEADS);
    const from = clock();
    leader.kill(signal);
    await leads;
    return { takeOverMs: clock() - from };
  } finally {
    await Promise.all([leader.stop(), standby.stop()]);
  }
}

const EACH = 10;

const fleet = {
  name: 'fleet',
  title: ({ accounts }) => `${accounts} accounts with ${EACH} webhooks each, in one process and in three`,
  mostRounds: 1,
  prepare: () => {},
  programs: ({ accounts }) => ({
    'one process': (bench) => managing(within(bench, `${clock()}`), accounts, 1),
    'three, the most of each': (bench) => managing(within(bench, `${clock()}`), accounts, 3),
  }),
  goals: ({ accounts }) =>
    ['one process', 'three, the most of each'].flatMap((name) => [
      {
        what: `memory of a process with ${accounts} accounts, ${name}`,
        ratio: (round) => round[name].rssMb,
        unit: 'MB',
        atMost: 400,
      },
      {
        what: `from a saved edit of one of ${accounts} to its POST, ${name}`,
        ratio: (round) => round[name].editMs,
        unit: 'ms',
        atMost: 1_000,
      },
    ]),
};

/** `idleMs`: processor time of all processes together for a round of all accounts in which nothing is to be done. */
async function managing(bench, accounts, processes) {
  const place = await onDatabase(bench);
  const numbers = Array.from({ length: accounts }, (_, index) => index + 1);
  const manifest = (n, more = 0) => manifestOf(EACH + more, n * 100);
  mkdirSync(join(place.folder, 'accounts'));
  for (const n of numbers) writeFileSync(join(place.folder, `accounts/${n}.yaml`), manifest(n));
  const lines = numbers.map((n) => `  - {name: a${n}, file: accounts/${n}.yaml, access-token-env: TOKEN_${n}}`);
  writeFileSync(join(place.folder, 'settings.yaml'), ['accounts:', ...lines, ''].join('\n'));
  const tokens = Object.fromEntries(numbers.map((n) => [`TOKEN_${n}`, `bench-token-0123456789-of-${n}`]));
  const env = { ...place.env, ...tokens };
  await place.server.begin();
  const args = ['--config', 'settings.yaml'];
  const first = spawnDaemon({ ...place, env }, args);
  const daemons = [first];
  try {
    await first.logged(RECONCILED, accounts);
    for (let more = 1; more < processes; more += 1) {
      const next = spawnDaemon({ ...place, env }, args);
      daemons.push(next);
      // Its share, when those before have given it back, and reconciled for the first time.
      await next.logged(RECONCILED, Math.floor(accounts / (more + 1)) - 1);
    }
    await delay(5_000);
    const before = sum(daemons.map(({ pid }) => processorMs(pid)));
    const round = all(daemons, accounts);
    for (const daemon of daemons) daemon.kill('SIGHUP');
    await round;
    const idleMs = sum(daemons.map(({ pid }) => processorMs(pid))) - before;
    const rssMb = Math.max(...daemons.map(({ pid }) => residentMb(pid)));
    const edits = [];
    for (const n of [1, accounts >> 1, accounts]) {
      await place.server.begin({ keep: true, watch: true });
      const [posted, reconciled] = [place.server.nextPost(), all(daemons, 1)];
      const savedAt = clock();
      writeFileSync(join(place.folder, `accounts/${n}.yaml`), manifest(n, 1));
      edits.push((await posted).at - savedAt);
      await reconciled;
    }
    return { rssMb, idleMs, editMs: edits.sort((a, b) => a - b)[edits.length >> 1] };
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Resolves when so many runs have ended well in all processes together. */
function all(daemons, runs) {
  let left = runs;
  return new Promise((resolve) => {
    const look = (line) => {
      if (line.includes(RECONCILED)) left -= 1;
      if (left > 0) return;
      for (const { lines } of daemons) lines.off('line', look);
      resolve();
    };
    for (const { lines } of daemons) lines.on('line', look);
  });
}

export const ON_POSTGRES = [create, takeOver, fleet];

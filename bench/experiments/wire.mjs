// Where the wire is what takes time: creating and refreshing at 20 ms latency.
import { manifestOf } from '../lib/entries.mjs';
import { alchemy, applyAll, CONCURRENCY, curl, peer, postFloor, sending, writeManifest } from '../lib/programs.mjs';
import { numeral } from '../lib/stats.mjs';

const LATENCY_MS = 20;
/** What the wire alone takes. */
const limitMs = (count) => (count * LATENCY_MS) / CONCURRENCY;

export const latency = {
  name: 'latency',
  title: ({ some }) =>
    `Creating ${numeral(some)} webhooks at ${LATENCY_MS} ms latency: the wire's limit is ${limitMs(some)} ms`,
  prepare: (bench, { some }) => writeManifest(bench, manifestOf(some)),
  programs: ({ some }, bench) => ({
    'raw undici': (here) => postFloor(here, 'undici.mjs', some, { latencyMs: LATENCY_MS }),
    apply: (here) => applyAll(here, some, { latencyMs: LATENCY_MS }),
    'curl --parallel': peer(bench, 'curl', (here) => curl(here, some, { latencyMs: LATENCY_MS })),
    'npm alchemy': peer(bench, 'alchemy', (here) => alchemy(here, some, { latencyMs: LATENCY_MS })),
  }),
  goals: ({ some }) => [
    {
      what: `\`apply\` creating ${numeral(some)} at ${LATENCY_MS} ms, whole process, against raw undici`,
      ratio: (round) => round.apply.ms / round['raw undici'].ms,
      atMost: 1.05,
    },
    {
      what: `the wire's limit against that \`apply\`, whole process`,
      ratio: (round) => limitMs(some) / round.apply.ms,
      atLeast: 0.85,
    },
  ],
};

export const refresh = {
  name: 'refresh',
  title: ({ some }) =>
    `Refreshing ${numeral(some)} webhooks at ${LATENCY_MS} ms latency: the wire's limit is ${limitMs(some)} ms`,
  async prepare(bench, { some }) {
    writeManifest(bench, manifestOf(some));
    await applyAll(bench, some);
  },
  programs: ({ some }) => ({
    'apply, nothing to do': (bench) => refreshing(bench, some, ['apply']),
    'plan, nothing to do': (bench) => refreshing(bench, some, ['plan']),
  }),
  goals: ({ some }) => [
    {
      what: `the wire's limit against the refresh of ${numeral(some)}, first read to last answer`,
      ratio: (round) => limitMs(some) / round['apply, nothing to do'].phaseMs,
      atLeast: 0.9,
    },
    {
      what: `the same against the whole process`,
      ratio: (round) => limitMs(some) / round['apply, nothing to do'].ms,
      atLeast: 0.9,
    },
  ],
};

async function refreshing(bench, count, args) {
  const measured = await sending(bench, args, { POST: 0, PUT: 0, DELETE: 0 }, { latencyMs: LATENCY_MS });
  const { GET } = await bench.server.report();
  if (GET < count) throw new Error(`${GET} reads came in for ${count} webhooks`);
  return measured;
}

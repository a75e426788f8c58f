// Creating many webhooks at a server without latency: the whole process, and the phase of its POSTs.
import { manifestOf } from '../lib/entries.mjs';
import { applyAll, bareNode, parseYaml, postFloor, writeManifest } from '../lib/programs.mjs';
import { numeral } from '../lib/stats.mjs';

const SLOW_FLUSH_MS = 2;
const SLOW = `apply, each flush ${SLOW_FLUSH_MS} ms slower`;

export const create = {
  name: 'create',
  title: ({ many }) => `Creating ${numeral(many)} webhooks, no latency, ten requests at a time`,
  prepare: (bench, { many }) => writeManifest(bench, manifestOf(many)),
  programs: ({ many }) => ({
    'bare node': bareNode,
    'bare yaml.parse': parseYaml,
    'raw undici': (bench) => postFloor(bench, 'undici.mjs', many),
    'raw undici, dispatch': (bench) => postFloor(bench, 'undici-dispatch.mjs', many),
    'raw node:http': (bench) => postFloor(bench, 'http.mjs', many),
    apply: (bench) => applyAll(bench, many),
    'apply, flushes counted': (bench) => applyAll(bench, many, { count: true }),
    [SLOW]: (bench) => applyAll(bench, many, { flushMs: SLOW_FLUSH_MS }),
  }),
  goals: ({ many }) => [
    {
      what: `\`apply\` creating ${numeral(many)}, whole process, against raw undici + bare \`yaml.parse\``,
      ratio: (round) => round.apply.ms / (round['raw undici'].ms + round['bare yaml.parse'].ms),
      atMost: 1.2,
    },
    {
      what: 'its POST phase, every id flushed at its end, against raw undici without state',
      ratio: (round) => round['apply, flushes counted'].phaseMs / round['raw undici'].phaseMs,
      atMost: 1.4,
    },
    {
      what: `the same with ${SLOW_FLUSH_MS} ms more in each flush`,
      ratio: (round) => round[SLOW].phaseMs / round['raw undici'].phaseMs,
      atMost: 1.5,
    },
    {
      what: `peak memory of that \`apply\`, against bare \`yaml.parse\`'s`,
      ratio: (round) => round.apply.rssMb / round['bare yaml.parse'].rssMb,
      atMost: 1.25,
    },
  ],
};

// How time grows with the number of webhooks: the product alone up to 100,000, and beside its peers.
import { manifestOf, shortManifestOf } from '../lib/entries.mjs';
import {
  alchemy,
  applyAll,
  curl,
  naive,
  parseYaml,
  peer,
  postFloor,
  shell,
  within,
  writeManifest,
} from '../lib/programs.mjs';
import { numeral } from '../lib/stats.mjs';

const sized = (bench, count) => within(bench, `size-${count}`);

export const growth = {
  name: 'growth',
  title: ({ few, most }) => `Growth from ${numeral(few)} to ${numeral(most)} creates, no latency`,
  mostRounds: 2,
  prepare(bench, { few, most }) {
    for (const count of [few, most]) writeManifest(sized(bench, count), shortManifestOf(count));
  },
  programs: ({ few, most }) => ({
    [`apply, ${few}`]: (bench) => applyAll(sized(bench, few), few, { count: true }),
    [`raw undici, ${few}`]: (bench) => postFloor(bench, 'undici.mjs', few),
    [`apply, ${most}`]: (bench) => applyAll(sized(bench, most), most, { count: true }),
    [`raw undici, ${most}`]: (bench) => postFloor(bench, 'undici.mjs', most),
    [`bare yaml.parse, ${most}`]: (bench) => parseYaml(sized(bench, most)),
  }),
  goals: ({ few, most }) => [
    {
      what: `time per create in the POST phase, ${numeral(most)} against ${numeral(few)}`,
      ratio: (round) => round[`apply, ${most}`].phaseMs / most / (round[`apply, ${few}`].phaseMs / few),
      atMost: 1.15,
    },
    {
      what: `time per create of the whole process, ${numeral(most)} against ${numeral(few)}`,
      ratio: (round) => round[`apply, ${most}`].ms / most / (round[`apply, ${few}`].ms / few),
      atMost: 1.15,
    },
  ],
};

/** The shell needs some milliseconds of two processors for each curl: minutes beyond this. */
const MOST_FOR_SHELL = 1_000;

/** The same work by what else there is. The largest size once, as the naive tool takes a minute. */
export const peersOf = (pick, mostRounds) => ({
  name: `peers-${pick}`,
  title: (sizes) => `${numeral(sizes.peers[pick])} webhooks, no latency, beside what else there is`,
  mostRounds,
  prepare(bench, sizes) {
    const count = sizes.peers[pick];
    writeManifest(sized(bench, count), manifestOf(count));
  },
  programs(sizes, bench) {
    const count = sizes.peers[pick];
    const here = sized(bench, count);
    return {
      'bare yaml.parse': () => parseYaml(here),
      'raw undici': () => postFloor(here, 'undici.mjs', count),
      apply: () => applyAll(here, count),
      'curl --parallel': peer(bench, 'curl', () => curl(here, count)),
      'naive state file': () => naive(here, count),
      'jq, xargs -P 10, curl':
        count > MOST_FOR_SHELL
          ? async () => ({ why: `it takes minutes beyond ${numeral(MOST_FOR_SHELL)}` })
          : peer(bench, 'shell', () => shell(here, count)),
      'npm alchemy': peer(bench, 'alchemy', () => alchemy(here, count)),
    };
  },
  goals: (sizes) =>
    pick === 'middle'
      ? [
          {
            what: `npm alchemy against \`apply\`, ${numeral(sizes.peers[pick])} creates, whole process`,
            ratio: (round) => round['npm alchemy'].ms / round.apply.ms,
            atLeast: 10,
          },
        ]
      : [],
});

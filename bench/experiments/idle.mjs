// Runs that have nothing to do, or nearly nothing, and commands that end at once.
import { manifestOf } from '../lib/entries.mjs';
import { CERTIFICATES } from '../lib/process.mjs';
import { applyAll, bareNode, parseYaml, product, sending, within, writeManifest } from '../lib/programs.mjs';
import { numeral } from '../lib/stats.mjs';

const SENDS_NOTHING = { requests: 0 };
const small = (bench, count) => within(bench, `nothing-${count}`);

export const nothing = {
  name: 'nothing',
  title: () => 'Nothing to do, --no-refresh',
  async prepare(bench, { idle }) {
    for (const count of idle) {
      const here = small(bench, count);
      writeManifest(here, manifestOf(count));
      await applyAll(here, count);
      await product(here, ['apply', '--no-refresh']);
    }
  },
  programs: ({ idle }) => ({
    'bare node': bareNode,
    ...Object.fromEntries(
      idle.flatMap((count) => [
        [`apply, ${count}`, (bench) => sending(small(bench, count), ['apply', '--no-refresh'], SENDS_NOTHING)],
        [`plan, ${count}`, (bench) => sending(small(bench, count), ['plan', '--no-refresh'], SENDS_NOTHING)],
      ]),
    ),
  }),
  goals: ({ idle }) => [
    ...idle.flatMap((count) => [
      {
        what: `\`apply --no-refresh\` of ${numeral(count)}, nothing to do, against bare node`,
        ratio: (round) => round[`apply, ${count}`].ms / round['bare node'].ms,
        atMost: 1.4,
      },
      {
        what: `peak memory of the same`,
        ratio: (round) => round[`apply, ${count}`].rssMb / round['bare node'].rssMb,
        atMost: 1.25,
      },
    ]),
    {
      what: `\`plan --no-refresh\` of ${numeral(Math.max(...idle))}, nothing to do, against bare node`,
      ratio: (round) => round[`plan, ${Math.max(...idle)}`].ms / round['bare node'].ms,
      atMost: 1.4,
    },
  ],
};

export const oneChanged = {
  name: 'one-changed',
  title: ({ many }) => `One changed entry of ${numeral(many)}, --no-refresh`,
  async prepare(bench, { many }) {
    writeManifest(bench, manifestOf(many));
    await applyAll(bench, many);
  },
  programs: ({ many }) => {
    let edited = false;
    return {
      'bare yaml.parse': parseYaml,
      'apply, one changed': (bench) => {
        edited = !edited;
        writeManifest(bench, manifestOf(many, new Set(edited ? [many >> 1] : [])));
        return sending(bench, ['apply', '--no-refresh'], { PUT: 1, POST: 0, DELETE: 0 });
      },
    };
  },
  goals: ({ many }) => [
    {
      what: `\`apply\` with one changed entry of ${numeral(many)}, whole process, against bare \`yaml.parse\``,
      ratio: (round) => round['apply, one changed'].ms / round['bare yaml.parse'].ms,
      atMost: 1.2,
    },
  ],
};

const COLD = {
  '--version': ['--version'],
  '--help': ['--help'],
  'validate of 10': ['validate'],
  'plan --no-refresh of 10': ['plan', '--no-refresh'],
};
const COLD_GOALS = { '--version': 1.2, '--help': 1.2, 'validate of 10': 1.6, 'plan --no-refresh of 10': 1.6 };

export const startup = {
  name: 'startup',
  title: () => 'Commands that end at once, without a state',
  /** Short runs scatter most, and cost least. */
  repeats: 3,
  prepare: (bench) => writeManifest(within(bench, 'startup'), manifestOf(10)),
  programs: () => ({
    'bare node': bareNode,
    ...Object.fromEntries(
      Object.entries(COLD).map(([name, args]) => [name, (bench) => product(within(bench, 'startup'), args)]),
    ),
  }),
  goals: () =>
    Object.entries(COLD_GOALS).map(([name, atMost]) => ({
      what: `\`${name}\` against bare node`,
      ratio: (round) => round[name].ms / round['bare node'].ms,
      atMost,
    })),
};

/** An experiment in an environment without the certificates: none where there are none. */
function withoutCertificates(experiment) {
  if (process.env[CERTIFICATES] === undefined) return [];
  const lean = (bench) => ({ ...bench, without: [CERTIFICATES] });
  return [
    {
      ...experiment,
      name: `${experiment.name}-lean`,
      title: (sizes) => `${experiment.title(sizes)}, without ${CERTIFICATES}`,
      programs: (sizes, bench) =>
        Object.fromEntries(
          Object.entries(experiment.programs(sizes, bench)).map(([name, run]) => [name, (here) => run(lean(here))]),
        ),
      goals: (sizes, bench) =>
        experiment.goals(sizes, bench).map((goal) => ({ ...goal, what: `${goal.what}, without ${CERTIFICATES}` })),
    },
  ];
}

export const lean = [...withoutCertificates(startup), ...withoutCertificates(nothing)];

import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { findLost, rangeOutOfReach, rangesFor, renamesOfUncertain } from '../../../src/plan/recovery.js';
import type { Intent, State } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', database: 7 };

function seen(id: number, parts: Partial<LiveWebhook> = {}): LiveWebhook {
  const { handler, trigger } = SPEC;
  return { id, handler, trigger, callers: ['ms', 'publisher'], database: undefined, collection: undefined, ...parts };
}

function found(intents: readonly Intent[], webhooks: readonly LiveWebhook[], rest: Parameters<typeof aState>[0] = {}) {
  const { adoptions, ambiguous } = findLost(intents, webhooks, aState({ ...rest, intents }));
  return { adopted: adoptions.map(({ intent, id }) => [intent.intent, id]), ambiguous: Object.fromEntries(ambiguous) };
}

const lost = anIntent({ intent: 1, name: 'a', spec: SPEC, above: 10 });
const twin = anEntry({ name: 'b', id: 5, spec: { ...SPEC, database: 8 } });

describe('the webhook of an intent', () => {
  it.each<[string, LiveWebhook, Parameters<typeof aState>[0], ReturnType<typeof found>]>([
    ['is one that looks like it', seen(11), {}, { adopted: [[1, 11]], ambiguous: {} }],
    ['is not one with another handler', seen(11, { handler: 'https://b.example' }), {}, { adopted: [], ambiguous: {} }],
    ['is not one with another trigger', seen(11, { trigger: 'update' }), {}, { adopted: [], ambiguous: {} }],
    ['is not one with other callers', seen(11, { callers: ['ms'] }), {}, { adopted: [], ambiguous: {} }],
    ['is not one with another database', seen(11, { database: 8 }), {}, { adopted: [], ambiguous: {} }],
    ['is not one at or below its bound', seen(10), {}, { adopted: [], ambiguous: {} }],
    [
      'is not one that an entry has',
      seen(11),
      { entries: [anEntry({ name: 'b', id: 11, spec: SPEC })] },
      { adopted: [], ambiguous: {} },
    ],
    [
      'is not one that is to be deleted',
      seen(11),
      { doomed: [{ id: 11, name: 'b', spec: SPEC }] },
      { adopted: [], ambiguous: {} },
    ],
    [
      'is one whose database tells it from another entry’s',
      seen(11, { database: 7 }),
      { entries: [twin] },
      { adopted: [[1, 11]], ambiguous: {} },
    ],
    [
      'may be one that could be another entry’s as well',
      seen(11),
      { entries: [twin] },
      { adopted: [], ambiguous: { a: [11] } },
    ],
    [
      'is one that could be its own entry’s only if that had not one already: the lost one of a replace',
      seen(11),
      { entries: [anEntry({ name: 'a', id: 5, spec: { ...SPEC, database: 8 } })] },
      { adopted: [[1, 11]], ambiguous: {} },
    ],
    [
      'may be one whose database is null, which may mean untold',
      seen(11, { database: null }),
      { entries: [twin] },
      { adopted: [], ambiguous: { a: [11] } },
    ],
  ])('%s', (_title, webhook, rest, expected) => {
    expect(found([lost], [webhook], rest)).toEqual(expected);
  });

  it('is not guessed where there are more of them than intents', () => {
    expect(found([lost], [seen(11), seen(12)])).toEqual({ adopted: [], ambiguous: { a: [11, 12] } });
  });

  it('is given to the latest intent that fits, so that the earlier ones are looked for below it', () => {
    const later = anIntent({ intent: 2, name: 'a', spec: SPEC, above: 20 });
    expect(found([lost, later], [seen(21)]).adopted).toEqual([[2, 21]]);
    expect(found([lost, later], [seen(15)]).adopted).toEqual([[1, 15]]);
  });

  it('is recorded highest first, so that the lowest of several is kept and the others become doomed', () => {
    const later = anIntent({ intent: 2, name: 'a', spec: SPEC, above: 20 });
    expect(found([lost, later], [seen(15), seen(21)]).adopted).toEqual([
      [2, 21],
      [1, 15],
    ]);
  });

  it('is not adopted beside another that may be another’s', () => {
    const webhooks = [seen(11, { database: 7 }), seen(12)];
    expect(found([lost], webhooks, { entries: [twin] })).toEqual({ adopted: [], ambiguous: { a: [12] } });
  });

  it('is that of one who waits for it, where one that was found absent before would do as well', () => {
    const absent = anIntent({ intent: 2, name: 'b', spec: SPEC, above: 5, absentSince: lost.at });
    expect(found([lost, absent], [seen(11)])).toEqual({ adopted: [[1, 11]], ambiguous: {} });
    const unlike = { ...absent, spec: { ...SPEC, database: 8 } };
    expect(found([lost, unlike], [seen(11)])).toEqual({ adopted: [[1, 11]], ambiguous: {} });
  });

  it('of two names is left to neither when it fits both', () => {
    const other = anIntent({ intent: 2, name: 'b', spec: { ...SPEC, database: 8 }, above: 10 });
    expect(found([lost, other], [seen(11)])).toEqual({ adopted: [], ambiguous: { a: [11], b: [11] } });
  });
});

describe('where to look', () => {
  const known = (id: number): State => aState({ entries: [anEntry({ name: 'a', id, spec: SPEC })] });
  it.each<[string, number | null, State, [number, number][]]>([
    ['above the lower bound', 10, aState({}), [[11, 74]]],
    ['nowhere while nothing is known', null, aState({}), []],
    [
      'between the bounds and above the upper one',
      10,
      known(20),
      [
        [11, 19],
        [21, 84],
      ],
    ],
    ['not between bounds with nothing between', 10, known(11), [[12, 75]]],
    [
      'up to the scan limit',
      10,
      known(1_000),
      [
        [11, 110],
        [1_001, 1_064],
      ],
    ],
    [
      'below the upper bound where there is no lower one',
      null,
      known(1_000),
      [
        [900, 999],
        [1_001, 1_064],
      ],
    ],
    [
      'from 1 at the lowest',
      null,
      known(5),
      [
        [1, 4],
        [6, 69],
      ],
    ],
    ['not up to a webhook that was there before', 30, known(20), [[31, 94]]],
  ])('%s', (_title, above, state, expected) => {
    const ranges = rangesFor({ ...lost, above }, state, 100);
    expect(ranges.map(({ from, to }) => [from, to])).toEqual(expected);
  });

  it.each<[number | null, number, { from: number; to: number } | null]>([
    [10, 111, null],
    [10, 112, { from: 111, to: 111 }],
    [10, 1_000, { from: 111, to: 999 }],
    [null, 101, null],
    [null, 102, { from: 1, to: 1 }],
  ])('from %s to %i leaves out %j at a limit of 100', (above, id, expected) => {
    expect(rangeOutOfReach({ ...lost, above }, known(id), 100)).toEqual(expected);
  });
});

describe('an uncertain entry that was renamed', () => {
  const wanted = (name: string, spec = SPEC) => ({ name, spec, line: 1, column: 1 });

  it('takes what is uncertain along', () => {
    expect(renamesOfUncertain([wanted('new')], aState({ intents: [lost] }))).toEqual([{ from: 'a', to: 'new' }]);
  });

  it.each([
    ['its old name is still there', [wanted('a'), wanted('new')], aState({ intents: [lost] })],
    ['it asks for another webhook', [wanted('new', { ...SPEC, trigger: 'open' })], aState({ intents: [lost] })],
    ['the new name has a webhook', [wanted('b')], aState({ intents: [lost], entries: [twin] })],
    [
      'it has a webhook already',
      [wanted('new')],
      aState({ intents: [lost], entries: [anEntry({ name: 'a', id: 3, spec: SPEC })] }),
    ],
  ])('does not when %s', (_title, desired, state) => {
    expect(renamesOfUncertain(desired, state)).toEqual([]);
  });
});

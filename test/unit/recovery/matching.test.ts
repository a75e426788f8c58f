import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { canHaveMade, findMatches } from '../../../src/recovery/matching.js';
import type { Intent } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', database: 7 };

function seen(id: number, parts: Partial<LiveWebhook> = {}): LiveWebhook {
  const { handler, trigger } = SPEC;
  return { id, handler, trigger, callers: ['ms', 'publisher'], database: undefined, collection: undefined, ...parts };
}

function lost(intent: number, name: string, more: Partial<Intent> = {}): Intent {
  return anIntent({ intent, name, spec: SPEC, above: 10, ...more });
}

interface Found {
  readonly intents: readonly Intent[];
  readonly webhooks: readonly LiveWebhook[];
  readonly rest?: Parameters<typeof aState>[0];
  readonly wanted?: Readonly<Record<string, WebhookSpec>>;
}

function found({ intents, webhooks, rest = {}, wanted = {} }: Found) {
  const { matches, ambiguous } = findMatches(aState({ ...rest, intents }), webhooks, new Map(Object.entries(wanted)));
  return { matches, ambiguous: Object.fromEntries(ambiguous) };
}

/** Which webhook each entry gets, of which intents, and what is to be deleted. */
function outcome(scene: Found) {
  const { matches, ambiguous } = found(scene);
  return { kept: matches.map(({ name, id, intents, others }) => [name, id, intents, others]), ambiguous };
}

const NONE = { kept: [], ambiguous: {} };

describe('a webhook', () => {
  it.each<[string, LiveWebhook, Parameters<typeof aState>[0], boolean]>([
    ['that looks like what was sent is found', seen(11), {}, true],
    ['with another handler is not', seen(11, { handler: 'https://b.example' }), {}, false],
    ['with another trigger is not', seen(11, { trigger: 'update' }), {}, false],
    ['with other callers is not', seen(11, { callers: ['ms'] }), {}, false],
    ['with the database that was sent is found', seen(11, { database: 7 }), {}, true],
    ['with another database is not', seen(11, { database: 8 }), {}, false],
    ['whose database is null, which may mean untold, is found', seen(11, { database: null }), {}, true],
    ['at its bound is not', seen(10), {}, false],
    ['that an entry has is not', seen(11), { entries: [anEntry({ name: 'b', id: 11, spec: SPEC })] }, false],
    ['that is to be deleted is not', seen(11), { pendingDeletes: [{ id: 11, name: 'b', spec: SPEC }] }, false],
    ['that was ours before is not', seen(11), { formerIds: [11] }, false],
    [
      'that looks like another entry’s, which has its own, is found',
      seen(11),
      { entries: [anEntry({ name: 'b', id: 5, spec: { ...SPEC, database: 8 } })] },
      true,
    ],
  ])('%s', (_title, webhook, rest, expected) => {
    const kept = expected ? [['a', 11, [1], []]] : [];
    expect(outcome({ intents: [lost(1, 'a')], webhooks: [webhook], rest })).toEqual({ kept, ambiguous: {} });
  });

  it('can be that of an intent without a bound, whatever its id', () => {
    expect(canHaveMade(lost(1, 'a', { above: null }), seen(1))).toBe(true);
  });
});

describe('whose the webhooks are that were found', () => {
  const spec = { ...SPEC, trigger: 'open' as const };

  it.each<[string, Found, ReturnType<typeof outcome>]>([
    ['nobody’s, where none was', { intents: [lost(1, 'a')], webhooks: [] }, NONE],
    [
      'the entry’s, where it has two intents and one was',
      { intents: [lost(1, 'a'), lost(2, 'a')], webhooks: [seen(12)] },
      { kept: [['a', 12, [1], []]], ambiguous: {} },
    ],
    [
      'the entry’s, the oldest kept, where there are as many as intents',
      { intents: [lost(1, 'a'), lost(2, 'a')], webhooks: [seen(12), seen(11)] },
      { kept: [['a', 11, [1, 2], [12]]], ambiguous: {} },
    ],
    [
      'nobody knows, where there are more than intents',
      { intents: [lost(1, 'a')], webhooks: [seen(11), seen(12)] },
      { kept: [], ambiguous: { 1: [11, 12] } },
    ],
    [
      'nobody knows, where one of two lies above no second bound',
      { intents: [lost(1, 'a'), lost(2, 'a', { above: 20 })], webhooks: [seen(11), seen(12)] },
      { kept: [], ambiguous: { 1: [11, 12], 2: [] } },
    ],
    [
      'the entry’s, where each lies above a bound of its own',
      { intents: [lost(1, 'a'), lost(2, 'a', { above: 20 })], webhooks: [seen(21), seen(12)] },
      { kept: [['a', 12, [1, 2], [21]]], ambiguous: {} },
    ],
    [
      'the entry’s, in whatever order its intents stand',
      { intents: [lost(2, 'a', { above: 20 }), lost(1, 'a')], webhooks: [seen(12), seen(21)] },
      { kept: [['a', 12, [1, 2], [21]]], ambiguous: {} },
    ],
    [
      'nobody knows, where one fits two entries',
      { intents: [lost(1, 'a'), lost(2, 'b', { spec: { ...SPEC, database: 8 } })], webhooks: [seen(11)] },
      { kept: [], ambiguous: { 1: [11], 2: [11] } },
    ],
    [
      'each its entry’s, where the database is shown',
      {
        intents: [lost(1, 'a'), lost(2, 'b', { spec: { ...SPEC, database: 8 } })],
        webhooks: [seen(11, { database: 8 }), seen(12, { database: 7 })],
      },
      {
        kept: [
          ['a', 12, [1], []],
          ['b', 11, [2], []],
        ],
        ambiguous: {},
      },
    ],
    [
      'nobody knows of anything else of the two entries either',
      {
        intents: [lost(1, 'a'), lost(3, 'a', { spec }), lost(2, 'b', { spec: { ...SPEC, database: 8 } })],
        webhooks: [seen(11), seen(12, { trigger: 'open' })],
      },
      { kept: [], ambiguous: { 1: [11], 2: [11], 3: [12] } },
    ],
    [
      'one entry’s, where a bound rules the other out',
      { intents: [lost(1, 'a'), lost(2, 'b', { above: 20 })], webhooks: [seen(12)] },
      { kept: [['a', 12, [1], []]], ambiguous: {} },
    ],
    [
      'each its entry’s, where two others have nothing to do with it',
      {
        intents: [lost(1, 'a'), lost(2, 'b', { spec }), lost(3, 'c', { spec })],
        webhooks: [seen(11), seen(12, { trigger: 'open' })],
      },
      { kept: [['a', 11, [1], []]], ambiguous: { 2: [12], 3: [12] } },
    ],
  ])('%s', (_title, scene, expected) => {
    expect(outcome(scene)).toEqual(expected);
  });

  it('as many as can be given an intent each, however they are given', () => {
    // 12 can be of either, 13 only of the one with the database that it shows.
    const intents = [lost(1, 'a'), lost(2, 'a', { spec: { ...SPEC, database: 8 } })];
    const webhooks = [seen(12), seen(13, { database: 7 })];
    expect(outcome({ intents, webhooks }).kept).toEqual([['a', 12, expect.arrayContaining([1, 2]), [13]]]);
  });
});

describe('what is kept of several', () => {
  const edited: WebhookSpec = { ...SPEC, trigger: 'open' };
  const both = {
    intents: [lost(1, 'a'), lost(2, 'a', { spec: edited })],
    webhooks: [seen(11), seen(12, { trigger: 'open' })],
  };

  it('is the one that the manifest wants', () => {
    expect(outcome({ ...both, wanted: { a: edited } }).kept).toEqual([['a', 12, [1, 2], [11]]]);
    expect(outcome({ ...both, wanted: { a: SPEC } }).kept).toEqual([['a', 11, [1, 2], [12]]]);
  });

  it('is the oldest where it wants none of them, or another', () => {
    expect(outcome(both).kept).toEqual([['a', 11, [1, 2], [12]]]);
    expect(outcome({ ...both, wanted: { a: { ...SPEC, trigger: 'click' } } }).kept).toEqual([['a', 11, [1, 2], [12]]]);
  });
});

describe('what a found webhook is', () => {
  const match = (intents: readonly Intent[], live: LiveWebhook) => {
    const { webhook: spec, isScopeUnknown = false } = found({ intents, webhooks: [live] }).matches[0] ?? {};
    return { spec, isScopeUnknown };
  };
  const other: WebhookSpec = { ...SPEC, database: 8 };

  it('is what was sent, with the database that the account does not show', () => {
    expect(match([lost(1, 'a')], seen(11))).toMatchObject({ spec: SPEC, isScopeUnknown: false });
    expect(match([lost(1, 'a'), lost(2, 'a')], seen(11))).toMatchObject({ spec: SPEC, isScopeUnknown: false });
  });

  it('is of unknown scope where intents differ in that, and the account does not show it', () => {
    const { database: _, ...visible } = SPEC;
    expect(match([lost(1, 'a'), lost(2, 'a', { spec: other })], seen(11))).toMatchObject({
      spec: visible,
      isScopeUnknown: true,
    });
  });

  it('is what one of them was sent as where the account shows it, or a bound tells', () => {
    const differing = [lost(1, 'a'), lost(2, 'a', { spec: other })];
    expect(match(differing, seen(11, { database: 8 }))).toMatchObject({ spec: other, isScopeUnknown: false });
    const later = [lost(1, 'a'), lost(2, 'a', { spec: other, above: 20 })];
    expect(match(later, seen(11))).toMatchObject({ spec: SPEC, isScopeUnknown: false });
  });
});

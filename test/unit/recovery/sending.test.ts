import { describe, expect, it } from 'vitest';
import type { Settling } from '../../../src/recovery/proof.js';
import { inOrderOfResending, MANY_INTENTS, mayResend, msUntilRipe, pauseMs } from '../../../src/recovery/sending.js';
import type { Intent, State } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const at = (seconds: number) => new Date(START + seconds * SECOND).toISOString();
const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const SETTLING: Settling = { settleMs: 60 * SECOND, scanLimit: 100 };

function lost(intent: number, name: string, more: Partial<Intent> = {}): Intent {
  return anIntent({ intent, name, spec: SPEC, above: 10, gaveUp: { at: at(0), reason: 'no answer' }, ...more });
}

describe('the pause after lost answers', () => {
  const intents = new Map([[1, lost(1, 'a')]]);
  const pause = (count: number, lastAt: string | null, secondsLater: number) => {
    return (
      pauseMs({ losses: { count, lastAt, upTo: 1 }, intents }, SETTLING.settleMs, START + secondsLater * SECOND) /
      SECOND
    );
  };

  it.each([
    [1, 60],
    [2, 120],
    [3, 240],
    [8, 60 * 128],
    [11, 60 * 1024],
    [12, 24 * 60 * 60],
    [1_000_000, 24 * 60 * 60],
  ])('is, after %i in a row, %i s', (count, seconds) => {
    expect(pause(count, at(0), 0)).toBe(seconds);
  });

  it('counts since the last was given up on', () => {
    expect([pause(2, at(0), 119), pause(2, at(0), 120), pause(2, at(0), 500)]).toEqual([1, 0, 0]);
  });

  it('is no longer than that when the last lies in the future', () => {
    expect(pause(1, at(1_000_000), 0)).toBe(60);
  });

  it('is none before the first loss, nor when nothing is open any more', () => {
    expect(pause(0, null, 0)).toBe(0);
    const settled = { losses: { count: 5, lastAt: at(0), upTo: 1 }, intents: new Map() };
    expect(pauseMs(settled, SETTLING.settleMs, START)).toBe(0);
  });
});

describe('the time until all that is open is ripe', () => {
  const until = (intents: readonly Intent[], seconds: number) => {
    return msUntilRipe(aState({ intents }), SETTLING.settleMs, START + seconds * SECOND) / SECOND;
  };

  it.each<[string, Intent[], number, number]>([
    ['is none with nothing open', [], 0, 0],
    ['is what is left of the settling', [lost(1, 'a')], 20, 40],
    ['is none once it has settled', [lost(1, 'a')], 60, 0],
    ['is that of the latest', [lost(1, 'a'), lost(2, 'b', { gaveUp: { at: at(15), reason: '' } })], 20, 55],
    [
      'is no more than the settling and a request when its time lies in the future',
      [lost(1, 'a', { timeoutMs: 30_000, gaveUp: { at: at(9_999), reason: '' } })],
      0,
      90,
    ],
    ['is the whole settling while it is under way', [anIntent({ intent: 1, name: 'a', spec: SPEC })], 20, 60],
  ])('%s', (_title, intents, seconds, expected) => {
    expect(until(intents, seconds)).toBe(expected);
  });
});

describe('a lost create may be sent again', () => {
  const witness = anEntry({ name: 'w', id: 50, spec: SPEC, answered: { intent: 90, at: at(61) } });
  const many = (more: Partial<Intent> = {}) => {
    return Array.from({ length: MANY_INTENTS }, (_, index) => lost(index + 1, 'a', { above: 10 + index, ...more }));
  };
  const ours = anEntry({ name: 'ours', id: 5, spec: SPEC });
  const allRead = [{ from: 11, to: 110, at: at(60) }];

  const rows: [string, State, boolean, number?][] = [
    ['with one of its own', aState({ intents: [lost(1, 'a')] }), true],
    ['with seven of its own', aState({ intents: many().slice(1) }), true],
    ['with none of its own', aState({ intents: [lost(1, 'b')] }), true],
    ['although another entry has one that looks so', aState({ intents: [lost(1, 'a'), lost(2, 'b')] }), true],
    [
      'although another entry has an ambiguous one',
      aState({ intents: [lost(1, 'a'), lost(2, 'b', { candidates: [12] })] }),
      true,
    ],
    [
      'not when one of its own is ambiguous',
      aState({ intents: [lost(1, 'a', { candidates: [12] }), lost(2, 'a')] }),
      false,
    ],
    [
      'not when all have a witness: reading settles them',
      aState({ intents: [lost(1, 'a')], entries: [witness] }),
      false,
    ],
    [
      'when one has no witness yet',
      aState({ intents: [lost(1, 'a'), lost(2, 'a', { gaveUp: { at: at(5), reason: '' } })], entries: [witness] }),
      true,
    ],
    ['not with eight, on the same day', aState({ intents: many(), reads: allRead }), false, DAY / SECOND - 1],
    [
      'with eight, a day later, when all within reach was read',
      aState({ intents: many(), entries: [ours], reads: allRead }),
      true,
      DAY / SECOND,
    ],
    [
      'not with eight, a day later, when nothing was read',
      aState({ intents: many(), entries: [ours] }),
      false,
      DAY / SECOND,
    ],
    [
      'with eight, a day later, where nothing of ours shows that webhooks can be read',
      aState({ intents: many() }),
      true,
      DAY / SECOND,
    ],
    [
      'not with eight when that was read before they were ripe',
      aState({ intents: many(), entries: [ours], reads: [{ from: 11, to: 110, at: at(59) }] }),
      false,
      DAY / SECOND,
    ],
    [
      'not with eight when one id above the lowest bound was not read',
      aState({ intents: many(), entries: [ours], reads: [{ from: 12, to: 110, at: at(60) }] }),
      false,
      DAY / SECOND,
    ],
  ];
  it.each(rows)('%s', (_title, state, expected, seconds = 61) => {
    expect(mayResend({ name: 'a', spec: SPEC }, state, SETTLING, START + seconds * SECOND)).toBe(expected);
  });
});

describe('the order in which lost creates are sent again', () => {
  const other: WebhookSpec = { ...SPEC, trigger: 'open' };
  const order = (state: State, wanted: readonly { name: string; spec: WebhookSpec }[]) => {
    return inOrderOfResending(wanted, state).map(({ name }) => name);
  };

  it('is that in which they were last sent, the one that never was first', () => {
    const specs = {
      a: SPEC,
      b: other,
      c: { ...SPEC, handler: 'https://c.example' },
      d: { ...SPEC, handler: 'https://d.example' },
    };
    const state = aState({
      intents: [lost(1, 'a'), lost(2, 'b', { spec: specs.b }), lost(3, 'a'), lost(4, 'c', { spec: specs.c })],
    });
    const wanted = (['c', 'a', 'b', 'd'] as const).map((name) => ({ name, spec: specs[name] }));
    expect(order(state, wanted)).toEqual(['d', 'b', 'a', 'c']);
  });

  it('begins with those that no open intent of another entry looks like, the database left out', () => {
    const state = aState({
      intents: [lost(1, 'a'), lost(2, 'b', { spec: { ...SPEC, database: 7 } }), lost(3, 'c', { spec: other })],
    });
    const wanted = [
      { name: 'b', spec: { ...SPEC, database: 7 } },
      { name: 'a', spec: SPEC },
      { name: 'c', spec: other },
    ];
    expect(order(state, wanted)).toEqual(['c', 'a', 'b']);
  });
});

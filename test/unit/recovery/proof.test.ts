import { describe, expect, it } from 'vitest';
import {
  idsToRead,
  isUnreadable,
  nearIds,
  type Proof,
  proofOf,
  rangesToRead,
  ripeAt,
  type Settling,
  witnessOf,
} from '../../../src/recovery/proof.js';
import type { Intent, State, StateEntry } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const SETTLING: Settling = { settleMs: 60_000, scanLimit: 100 };
const RIPE = START + SETTLING.settleMs;

/** Given up on at the start, so that it is ripe a minute later. */
const lost = anIntent({ intent: 5, name: 'a', spec: SPEC, above: 10, gaveUp: { at: at(0), reason: 'no answer' } });

function answered(id: number, intent: number, seconds: number, more: Partial<StateEntry> = {}): StateEntry {
  return anEntry({ name: `w${id}`, id, spec: SPEC, answered: { intent, at: at(seconds) }, ...more });
}

const asRange = ([from, to]: number[]) => ({ from, to });
const pairs = (ranges: readonly { from: number; to: number }[]) => ranges.map(({ from, to }) => [from, to]);

describe('an intent', () => {
  it('is ripe when it has settled since it was given up on, and never while it is under way', () => {
    expect(ripeAt(lost, SETTLING.settleMs)).toBe(RIPE);
    expect(ripeAt(anIntent({ intent: 1, name: 'a', spec: SPEC }), SETTLING.settleMs)).toBe(Infinity);
  });

  it('is looked for soon in the 64 ids above its bound, and nowhere without one', () => {
    expect(pairs(nearIds(lost))).toEqual([[11, 74]]);
    expect(nearIds({ ...lost, above: null })).toEqual([]);
  });
});

describe('the witness of an intent', () => {
  it.each<[string, Parameters<typeof aState>[0], number | null]>([
    ['is the id of a create that was written after it was ripe, and answered', { entries: [answered(50, 6, 61)] }, 50],
    ['is the lowest of them', { entries: [answered(60, 7, 70), answered(50, 6, 61), answered(70, 8, 80)] }, 50],
    ['is none while there is no other', {}, null],
    ['is none that was written before it was ripe', { entries: [answered(50, 6, 59)] }, null],
    ['may be written in the very moment', { entries: [answered(50, 6, 60)] }, 50],
    ['is none whose own intent is an earlier one, whatever the clock says', { entries: [answered(50, 4, 61)] }, null],
    [
      'is none that was found by looking',
      { entries: [anEntry({ name: 'w', id: 50, spec: SPEC, found: true, createdAt: at(99) })] },
      null,
    ],
    ['is none that was imported', { entries: [anEntry({ name: 'w', id: 50, spec: SPEC, createdAt: at(99) })] }, null],
    ['is none that is to be deleted', { pendingDeletes: [{ id: 50, name: 'w', spec: SPEC }] }, null],
    ['is none at or below its bound', { entries: [answered(10, 6, 61)] }, null],
    ['is none where ids do not rise', { entries: [answered(50, 6, 61)], idsRise: false }, null],
  ])('%s', (_title, parts, expected) => {
    expect(witnessOf(lost, aState(parts), SETTLING.settleMs)).toBe(expected);
  });

  it('is none that was written before it was given up on, by a clock that was ahead', () => {
    const given = { ...lost, gaveUp: { at: at(0), reason: 'no answer', before: 7 } };
    const ahead = [answered(50, 6, 9_999)];
    expect(witnessOf(given, aState({ entries: ahead }), SETTLING.settleMs)).toBeNull();
    const both = [...ahead, answered(60, 7, 61)];
    expect(witnessOf(given, aState({ entries: both }), SETTLING.settleMs)).toBe(60);
  });

  it('is none while the intent is under way', () => {
    const { gaveUp: _, ...underWay } = lost;
    expect(witnessOf(underWay, aState({ entries: [answered(50, 6, 61)] }), SETTLING.settleMs)).toBeNull();
  });
});

describe('what is read for an intent', () => {
  it.each<[number | null, number, number[][], number[][]]>([
    [10, 11, [], []],
    [10, 12, [[11, 11]], []],
    [10, 111, [[11, 110]], []],
    [
      10,
      112,
      [
        [11, 60],
        [62, 111],
      ],
      [[61, 61]],
    ],
    [
      10,
      1_000,
      [
        [11, 60],
        [950, 999],
      ],
      [[61, 949]],
    ],
    [null, 1_000, [[900, 999]], [[1, 899]]],
    [null, 102, [[2, 101]], [[1, 1]]],
    [null, 101, [[1, 100]], []],
    [null, 5, [[1, 4]], []],
    [null, 1, [], []],
  ])('above %j and below %j is %j, and %j is out of reach, at a limit of 100', (above, witness, read, out) => {
    const intent = { ...lost, above };
    expect(pairs(rangesToRead(intent, witness, SETTLING.scanLimit))).toEqual(read);
    const all = rangesToRead(intent, witness, SETTLING.scanLimit).map((range) => ({ ...range, at: at(61) }));
    const state = aState({ entries: [answered(witness, 6, 61)], reads: all });
    if (witness > 10)
      expect(proofOf(intent, state, SETTLING)).toMatchObject({ kind: 'absent', unread: out.map(asRange) });
  });

  it('is the limit above its bound where there is no witness, and nothing where there is no bound either', () => {
    expect(pairs(rangesToRead(lost, null, SETTLING.scanLimit))).toEqual([[11, 110]]);
    expect(rangesToRead({ ...lost, above: null }, null, SETTLING.scanLimit)).toEqual([]);
  });

  it.each<[string, Parameters<typeof aState>[0], number[]]>([
    ['is all of it at first', {}, [11, 12, 13, 14, 20, 21]],
    ['is not what was read since it was ripe', { reads: [{ from: 12, to: 20, at: at(60) }] }, [11, 21]],
    ['is what was read before it was ripe', { reads: [{ from: 12, to: 20, at: at(59) }] }, [11, 12, 13, 14, 20, 21]],
    [
      'is told apart by each piece’s own time',
      {
        reads: [
          { from: 11, to: 12, at: at(60) },
          { from: 13, to: 13, at: at(1) },
          { from: 14, to: 20, at: at(99) },
        ],
      },
      [13, 21],
    ],
    [
      'is not what is ours',
      { entries: [answered(12, 6, 61)], pendingDeletes: [{ id: 13, name: 'b', spec: SPEC }] },
      [11, 14, 20, 21],
    ],
    ['is not what was ours', { formerIds: [14, 21] }, [11, 12, 13, 20]],
  ])('%s', (_title, parts, expected) => {
    const ranges = [
      { from: 11, to: 14 },
      { from: 20, to: 21 },
    ];
    expect(idsToRead(ranges, aState(parts), RIPE)).toEqual(expected);
  });
});

describe('the proof that an intent made nothing', () => {
  const witness = answered(50, 6, 61);
  const read = (from: number, to: number, seconds = 61) => ({ from, to, at: at(seconds) });

  it.each<[string, Partial<Intent>, State, Proof]>([
    [
      'is missing while something may be it',
      { candidates: [12] },
      aState({ entries: [witness], reads: [read(11, 49)] }),
      { kind: 'none' },
    ],
    ['is missing without a witness', {}, aState({ reads: [read(11, 999)] }), { kind: 'none' }],
    [
      'is missing while ids were not read',
      {},
      aState({ entries: [witness], reads: [read(11, 47)] }),
      { kind: 'unread', witness: 50, unread: [{ from: 48, to: 49 }] },
    ],
    [
      'is missing while ids were read before it was ripe only',
      {},
      aState({ entries: [witness], reads: [read(11, 48), read(49, 49, 59)] }),
      { kind: 'unread', witness: 50, unread: [{ from: 49, to: 49 }] },
    ],
    [
      'is there when all up to the witness was read',
      {},
      aState({ entries: [witness], reads: [read(11, 49)] }),
      { kind: 'absent', witness: 50, unread: [] },
    ],
    [
      'is there with what is out of reach',
      {},
      aState({ entries: [answered(500, 6, 61)], reads: [read(11, 60), read(450, 499)] }),
      { kind: 'absent', witness: 500, unread: [{ from: 61, to: 449 }] },
    ],
    [
      'is there without a bound, with all below the limit out of reach',
      { above: null },
      aState({ entries: [answered(500, 6, 61)], reads: [read(400, 499)] }),
      { kind: 'absent', witness: 500, unread: [{ from: 1, to: 399 }] },
    ],
    [
      'is missing with what is out of reach said along with what was not read',
      {},
      aState({ entries: [answered(500, 6, 61)], reads: [read(11, 59), read(450, 497), read(499, 499)] }),
      {
        kind: 'unread',
        witness: 500,
        unread: [
          { from: 60, to: 449 },
          { from: 498, to: 498 },
        ],
      },
    ],
    [
      'has nothing out of reach where all was read, as by a list',
      {},
      aState({ entries: [answered(500, 6, 61)], reads: [read(1, 999)] }),
      { kind: 'absent', witness: 500, unread: [] },
    ],
    [
      'has out of reach what was read before it was ripe only',
      {},
      aState({ entries: [answered(500, 6, 61)], reads: [read(11, 99), read(100, 199, 59), read(200, 499)] }),
      { kind: 'absent', witness: 500, unread: [{ from: 100, to: 199 }] },
    ],
  ])('%s', (_title, more, state, expected) => {
    expect(proofOf({ ...lost, ...more }, state, SETTLING)).toEqual(expected);
  });
});

describe('what can’t be read', () => {
  const day = 24 * 60 * 60;
  it.each([
    [2, day, false],
    [3, day - 1, false],
    [3, day, true],
    [30, 2 * day, true],
  ])('in %i runs and %i s is waited for no longer: %s', (runs, seconds, expected) => {
    const now = START + seconds * 1_000;
    expect(isUnreadable({ ...lost, unproved: { runs, since: at(0) } }, now)).toBe(expected);
  });

  it('is waited for where it was never tried', () => {
    expect(isUnreadable(lost, START + 9 * day * 1_000)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { hull, rangesOf, rangesText, union, without, withReading } from '../../../src/state/ranges.js';
import type { IdRange, ReadRange } from '../../../src/state/state.js';

const A = '2026-01-01T00:00:00.000Z';
const B = '2026-01-01T01:00:00.000Z';

type Pair = readonly [number, number];
const range = ([from, to]: Pair): IdRange => ({ from, to });
const pair = ({ from, to }: IdRange): Pair => [from, to];

describe('ranges of ids together', () => {
  it.each<[string, Pair[], Pair[], Pair[]]>([
    [
      'stay apart with an id between',
      [[1, 2]],
      [[4, 5]],
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ['are one where they touch', [[1, 2]], [[3, 5]], [[1, 5]]],
    ['are one where they overlap', [[1, 4]], [[3, 5]], [[1, 5]]],
    ['are one where one is in the other', [[1, 9]], [[3, 5]], [[1, 9]]],
    [
      'are sorted',
      [[7, 8]],
      [
        [1, 2],
        [4, 4],
      ],
      [
        [1, 2],
        [4, 4],
        [7, 8],
      ],
    ],
    ['are none of none', [], [], []],
  ])('%s', (_title, a, b, expected) => {
    expect(union(a.map(range), b.map(range)).map(pair)).toEqual(expected);
  });
});

describe('ranges without others', () => {
  it.each<[string, Pair[], Pair[], Pair[]]>([
    ['are as they were without any', [[1, 9]], [], [[1, 9]]],
    [
      'are as they were beside them',
      [[4, 6]],
      [
        [1, 3],
        [7, 9],
      ],
      [[4, 6]],
    ],
    ['are none in them', [[4, 6]], [[4, 6]], []],
    [
      'are what is left on both sides',
      [[1, 9]],
      [[4, 6]],
      [
        [1, 3],
        [7, 9],
      ],
    ],
    [
      'are what is left between',
      [[1, 9]],
      [
        [1, 3],
        [7, 9],
      ],
      [[4, 6]],
    ],
    [
      'are cut each',
      [
        [1, 3],
        [5, 9],
        [11, 12],
      ],
      [
        [3, 5],
        [12, 20],
      ],
      [
        [1, 2],
        [6, 9],
        [11, 11],
      ],
    ],
  ])('%s', (_title, ranges, others, expected) => {
    expect(without(ranges.map(range), others.map(range)).map(pair)).toEqual(expected);
  });
});

describe('ids as ranges', () => {
  it.each<[number[], Pair[]]>([
    [[], []],
    [[5], [[5, 5]]],
    [
      [1, 2, 3, 5, 7, 8],
      [
        [1, 3],
        [5, 5],
        [7, 8],
      ],
    ],
  ])('%j', (ids, expected) => {
    expect(rangesOf(ids).map(pair)).toEqual(expected);
  });

  it('are one range from the first to the last, what lies between included', () => {
    expect(
      hull([
        { from: 2, to: 3 },
        { from: 9, to: 9 },
      ]),
    ).toEqual({ from: 2, to: 9 });
  });

  it.each<[Pair[], string]>([
    [[[5, 5]], '5'],
    [[[5, 9]], '5 to 9'],
    [
      [
        [5, 9],
        [12, 12],
      ],
      '5 to 9 and 12',
    ],
    [
      [
        [1, 2],
        [5, 9],
        [12, 12],
      ],
      '1 to 2, 5 to 9 and 12',
    ],
  ])('%j are said as "%s"', (pairs, text) => {
    expect(rangesText(pairs.map(range))).toBe(text);
  });
});

describe('what was read before with what was read now', () => {
  type Reading = readonly [number, number, string];
  const reading = ([from, to, at]: Reading): ReadRange => ({ from, to, at });

  it.each<[string, Reading[], Reading, Reading[]]>([
    ['is that alone where nothing was', [], [1, 9, A], [[1, 9, A]]],
    [
      'stands beside it',
      [[1, 2, A]],
      [5, 9, B],
      [
        [1, 2, A],
        [5, 9, B],
      ],
    ],
    [
      'stands before it',
      [[5, 9, A]],
      [1, 2, B],
      [
        [1, 2, B],
        [5, 9, A],
      ],
    ],
    ['counts as read now where both are', [[1, 9, A]], [1, 9, B], [[1, 9, B]]],
    [
      'keeps the earlier time below and above',
      [[1, 9, A]],
      [4, 6, B],
      [
        [1, 3, A],
        [4, 6, B],
        [7, 9, A],
      ],
    ],
    [
      'covers several',
      [
        [1, 3, A],
        [5, 6, A],
        [8, 9, A],
      ],
      [2, 8, B],
      [
        [1, 1, A],
        [2, 8, B],
        [9, 9, A],
      ],
    ],
    [
      'is not joined with what was read at another time',
      [[1, 3, A]],
      [4, 6, B],
      [
        [1, 3, A],
        [4, 6, B],
      ],
    ],
  ])('%s', (_title, before, now, expected) => {
    expect(withReading(before.map(reading), reading(now))).toEqual(expected.map(reading));
  });
});

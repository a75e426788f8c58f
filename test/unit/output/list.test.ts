import { describe, expect, it } from 'vitest';
import { formatList } from '../../../src/output/list.js';
import { columnWidth } from '../../../src/output/table.js';
import { anEntry, aState } from '../../helpers/state.js';

const LONG = 'a-name-that-is-very-much-longer-than-all-the-others-and-says-little-more';

function listed(names: readonly string[], columns?: number): string[] {
  const spec = { handler: 'https://hooks.example.com/somewhere', trigger: 'create' } as const;
  const state = aState({ entries: names.map((name, index) => anEntry({ name, id: 98 + index, spec })) });
  return formatList(state, { color: false, file: 'f', columns }).trimEnd().split('\n');
}

describe('list', () => {
  it('has a header above columns that are aligned', () => {
    expect(listed(['a', 'profile-created', 'profile-updated'])).toEqual([
      'NAME              ID  STATUS   WEBHOOK',
      'a                 98  created  create → https://hooks.example.com/somewhere',
      'profile-created   99  created  create → https://hooks.example.com/somewhere',
      'profile-updated  100  created  create → https://hooks.example.com/somewhere',
    ]);
  });

  it('pads no other name for one that is much longer', () => {
    expect(listed([LONG, 'b-created', 'c-created'])).toEqual([
      'NAME        ID  STATUS   WEBHOOK',
      `${LONG}   98  created  create → https://hooks.example.com/somewhere`,
      'b-created   99  created  create → https://hooks.example.com/somewhere',
      'c-created  100  created  create → https://hooks.example.com/somewhere',
    ]);
  });

  it('breaks a row that the terminal has no room for before its webhook', () => {
    expect(listed([LONG, 'b-created', 'c-created'], 80)).toEqual([
      'NAME        ID  STATUS   WEBHOOK',
      `${LONG}   98  created`,
      '    create → https://hooks.example.com/somewhere',
      'b-created   99  created  create → https://hooks.example.com/somewhere',
      'c-created  100  created  create → https://hooks.example.com/somewhere',
    ]);
  });
});

describe('a column', () => {
  it.each([
    ['nothing', [], 0],
    ['one text, however long it is', [72], 72],
    ['texts that are all long', [50, 55, 60], 55],
    ['short ones beside each other', [1, 2, 16], 16],
    ['one that is much longer than two', [9, 9, 60], 9],
    ['one of two that is much longer', [9, 60], 9],
    ['one that is longer', [20, 21, 40], 40],
    ['a few long ones among many', [9, 12, 12, 12, 13, 48, 100], 13],
  ])('is as wide as what is usual: %s', (_title, lengths, width) => {
    expect(columnWidth(lengths.map((length) => 'x'.repeat(length)))).toBe(width);
  });

  it('counts columns of the terminal, not characters', () => {
    expect(columnWidth(['日本', 'e\u0301'])).toBe(4);
  });
});

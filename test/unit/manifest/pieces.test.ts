import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/manifest/parse.js';
import { Cutter } from '../../../src/manifest/pieces.js';
import { readYaml } from '../../../src/manifest/yaml-text.js';

const LIST = readFileSync(new URL('../../corpus/manifest/long-list.yaml', import.meta.url), 'utf8');

/** How many top-level nodes were handed on, and items in them; null where reading was given up. */
function cut(text: string, items: number, take = true): { pieces: number[]; rest: boolean } {
  const pieces: number[] = [];
  const cutter = new Cutter('webhooks', {
    items,
    take: (piece) => {
      pieces.push('items' in piece && Array.isArray(piece.items) ? piece.items.length : 0);
      return take;
    },
  });
  const rest = readYaml(text, { report: () => {}, cutter }) !== null;
  return { pieces, rest };
}

describe('a list that is read in pieces', () => {
  it('is handed on after what stands before it, and what is left at the end comes with the document', () => {
    expect(cut(LIST, 1)).toEqual({ pieces: [1, 1, 1, 1, 1], rest: true });
    expect(cut(LIST, 2)).toEqual({ pieces: [1, 2, 2], rest: true });
    expect(cut(LIST, 64)).toEqual({ pieces: [], rest: true });
  });

  it('is given up as soon as a piece is not taken', () => {
    expect(cut(LIST, 1, false)).toEqual({ pieces: [1], rest: false });
  });

  it.each([
    ['another field’s', 'x-list: [a]\nx-more:\n- a\n- b\n- c\n- d\n'],
    ['in brackets', 'webhooks: [{a: 1}, {b: 2}, {c: 3}, {d: 4}]\n'],
    ['anchored as a whole', 'webhooks: &all\n- a\n- b\n- c\n- d\n'],
    ['tagged', 'webhooks: !!seq\n- a\n- b\n- c\n- d\n'],
    ['an explicit key', '? webhooks\n: - a\n  - b\n  - c\n  - d\n'],
    ['further in', 'x:\n  webhooks:\n  - a\n  - b\n  - c\n  - d\n'],
    ['the document itself', '- a\n- b\n- c\n- d\n'],
  ])('is left whole where it is %s', (_what, text) => {
    expect(cut(text, 1).pieces).toEqual([]);
  });

  it('is given up where an item is no YAML', () => {
    expect(cut('webhooks:\n- a\n- "\\q"\n- c\n- d\n- e\n', 1)).toEqual({ pieces: [1], rest: false });
  });
});

/** Each has something that reaches from one piece into another, or is wrong in a place that was handed on before. */
const TEXTS: Readonly<Record<string, string>> = {
  'as it is': LIST,
  'with an error after it': `${LIST}x-more: [\n`,
  'with an error before it': `x: "\\q"\n${LIST}`,
  'with another document': `${LIST}---\na: 1\n`,
  'with a directive': `%YAML 1.1\n---\n${LIST}`,
  'with a second list': `${LIST}webhooks: []\n`,
  'with a field that stands twice, before and after it': `x-after: 1\n${LIST}`,
  'with a field that is unknown': `webhook: 1\n${LIST}`,
  'with a name that stands twice': LIST.replace('name: sixth', 'name: first'),
  'with a webhook that is asked for twice': LIST.replace('    collection: 7', ''),
  'with an alias before its anchor': LIST.replace('callers: &both [ms, publisher]', 'callers: *late').concat(
    'x: &late 1\n',
  ),
  'with an alias to what holds it': LIST.replace('name: sixth', 'name: sixth\n    callers: &c [*c]'),
  'with an item that ends it': LIST.replace('  - name: fifth', ' - name: fifth'),
  'with bad values': LIST.replaceAll('name: ', 'name: /').replaceAll('trigger: ', 'trigger: x'),
};

describe.each(Object.entries(TEXTS))('a long list %s', (_what, text) => {
  const source = { file: 'webhooks.yaml', env: {} };
  it.each([1, 2, 3])('comes to the same in pieces of %i', (itemsPerPiece) => {
    const whole = parseManifest(text, { ...source, itemsPerPiece: Number.POSITIVE_INFINITY });
    expect(parseManifest(text, { ...source, itemsPerPiece })).toEqual(whole);
  });
});

it('counts the values of all pieces together', () => {
  const big = `  - {<<: *x, name: a}\n`;
  const base = `x: &x {${Array.from({ length: 1_000 }, (_, n) => `k${n}: 1`).join(', ')}}\n`;
  const text = `${base}webhooks:\n${big.repeat(1_000)}`;
  const parsed = parseManifest(text, { file: 'webhooks.yaml', env: {} });
  expect(parsed).toMatchObject({ ok: false });
  expect(parsed.ok || parsed.problems.some(({ code }) => code === 'alias-bomb')).toBe(true);
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { maskUrls } from '../../../src/text/mask-urls.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';
import { byDay, NIGHT } from '../../helpers/night.js';
import { parse } from './manifests.js';

/** Where what could be quadratic has a small share in the time of a smaller text. */
const LARGER = 48 * 1024;

type MakeText = (chars: number) => string;

const repeated =
  (piece: string, before = '', after = ''): MakeText =>
  (chars) =>
    before + piece.repeat(Math.ceil(chars / piece.length)) + after;

const counted =
  (piece: (index: number) => string, before = '', after = ''): MakeText =>
  (chars) =>
    before +
    Array.from({ length: Math.ceil(chars / piece(1_000).length) }, (_, index) => piece(index)).join('') +
    after;

const ENTRY = 'webhooks:\n- name: a\n  handler: https://e.com\n  trigger: ';

/** One line of JSON with as many entries as fit. */
const json =
  (entry: (index: number) => object): MakeText =>
  (chars) => {
    const length = Math.ceil(chars / JSON.stringify(entry(1_000)).length);
    return JSON.stringify({ webhooks: Array.from({ length }, (_, index) => entry(index)) });
  };

const oneOf = (index: number) => ({ name: `n${index}`, handler: `https://e.com/${index}?k=v`, trigger: 'create' });

describe('the time that a manifest takes is linear in its size', () => {
  // By day each third of them, and none of which only large texts say something.
  const TEXTS: [what: string, text: MakeText, smallest?: number][] = [
    [
      'entries',
      counted((index) => `- name: n${index}\n  handler: https://e.com/${index}\n  trigger: open\n`, 'webhooks:\n'),
    ],
    ['a comment of questions', repeated('a?', `${ENTRY}crate # `)],
    ['bad triggers in one line of JSON', json((index) => ({ ...oneOf(index), trigger: 'crate' }))],
    [
      'names of databases in one line of JSON, with one bad trigger',
      json((index) => ({ ...oneOf(index), database: 'Customers', ...(index === 5 ? { trigger: 'crate' } : {}) })),
      LARGER,
    ],
    ['open brackets', repeated('[', 'webhooks: ')],
    ['open braces', repeated('{', 'webhooks: ')],
    ['closed brackets', repeated('}', 'webhooks: []\n')],
    ['items that are mappings', repeated('- :\n', 'webhooks:\n')],
    ['bad escapes', repeated('\\x', 'webhooks: "', '"')],
    ['aliases in one word', repeated('*a', 'webhooks: ')],
    ['unknown aliases', repeated('- *abcdefgh\n', 'x-a: &abcdefgi 1\nwebhooks:\n')],
    ['known aliases', repeated('- *a\n', 'x-a: &a {trigger: [open, open, open]}\nwebhooks:\n')],
    ['merged mappings', repeated('- {<<: *a}\n', 'x-a: &a {trigger: crate, colour: red}\nwebhooks:\n')],
    ['anchors', counted((index) => `- &a${index} x\n`, 'x-a:\n', 'webhooks: []\n')],
    ['keys in one mapping', counted((index) => `k${index.toString(36)},`, 'webhooks: []\nx-a: {', '}\n'), LARGER],
    ['one key all the time', repeated('  k: 1\n', 'webhooks: []\nx-a:\n')],
    ['unknown fields of an entry', counted((index) => `  trigge${index}: 1\n`, 'webhooks:\n- name: a\n')],
    ['one long plain value', repeated('a', 'webhooks: ')],
    ['a plain value of many lines', repeated('a\n  ', 'webhooks: a\n  ')],
    ['an open quote', repeated('a\n', 'webhooks: "')],
    ['tabs', repeated('\t', 'webhooks: ')],
    ['a comment of #', repeated('#', 'webhooks: #')],
    ['lines of #', repeated('#\n', 'webhooks: []\n')],
    ['tags', repeated('- !x y\n', 'webhooks:\n')],
    ['control characters', repeated('\0', 'webhooks: ')],
    ['wrong indentation', repeated('- name: a\n    handler: x\n  trigger: y\n', 'webhooks:\n')],
    ['variables in brackets', repeated('${A}, ', 'webhooks: [', ']\n')],
    ['references in one value', repeated('${A} ', 'webhooks:\n- handler: ')],
    ['a handler of @', repeated('//a@', 'webhooks:\n- handler: ')],
    ['a long database', repeated('0', 'webhooks:\n- {trigger: x, database: ', '}\n')],
  ];

  it.each<[what: string, text: MakeText, smallest?: number]>(
    TEXTS.filter(([, , smallest], index) => NIGHT || (smallest === undefined && index % 3 === 0)),
  )('%s', (_what, text, smallest) => {
    expect(growth(text, parse, { smallest })).toBeLessThan(MOST_GROWTH);
  });
});

describe('the time that masking takes is linear in the text', () => {
  it.each(byDay(4, ['a?', '://', '//a@', '${a', '?', 'a?b ', '//', '#', 'https://a.example/x?', '"']))(
    'of %j',
    (piece) => {
      const mask = (text: string) => maskUrls(text, { before: true, after: true });
      expect(growth(repeated(piece), mask)).toBeLessThan(MOST_GROWTH);
    },
  );
});

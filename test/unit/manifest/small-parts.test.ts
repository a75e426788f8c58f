import { describe, expect, it } from 'vitest';
import { frameOf, lineRange, placeOf, sourceOf } from '../../../src/manifest/source.js';
import { cut, printable, quote } from '../../../src/text/printable.js';
import { nearest } from '../../../src/text/suggest.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';

describe('nearest', () => {
  const words = ['create', 'update', 'delete', 'unsubscribe', 'ms', 'publisher'];

  it.each([
    ['craete', 'create'],
    ['creat', 'create'],
    ['creates', 'create'],
    ['CREATE', 'create'],
    ['upadte', 'update'],
    ['unsubscribed', 'unsubscribe'],
    ['unsusbcirbe', 'unsubscribe'],
    ['pub', 'publisher'],
    ['pu', undefined],
    ['x', undefined],
    ['sm', undefined],
    ['purchase', undefined],
    ['', undefined],
    ['create'.repeat(20), undefined],
  ])('of %j is %j', (word, expected) => {
    expect(nearest(word, words)).toBe(expected);
  });

  it('prefers the word with fewer slips', () => {
    expect(nearest('delite', ['delivery', 'delete'])).toBe('delete');
  });

  it('does not guess between two that begin alike', () => {
    expect(nearest('del', ['delivery', 'deletion'])).toBeUndefined();
  });
});

describe('printable', () => {
  it.each([
    ['a\u001b[31mb', 'a␛[31mb'],
    ['a\nb\tc\r', 'a␊b␉c␍'],
    ['\0\x7f\x9b', '␀␡\ufffd'],
    ['a\u202eb\u200bc\ufeff', 'a\ufffdb\ufffdc\ufffd'],
    ['\u2028\ud800', '\ufffd\ufffd'],
    ['naïve ü 日本 🎉', 'naïve ü 日本 🎉'],
    ['# ##[group]a', '# #\ufffd[group]a'],
    ['x ###vso[task.complete]', 'x ##\ufffdvso[task.complete]'],
    ['  ::add-mask::a', '  :\ufffdadd-mask::a'],
    ['::\u200bset-env', '::\ufffdset-env'],
    ['## heading, [a] ::1 and a::b', '## heading, [a] ::1 and a::b'],
  ])('makes %j harmless', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it.each(['#', '##a', ' ', '::'])('takes time linear in the length of a text of %j', (piece) => {
    expect(growth((size) => piece.repeat(size), printable)).toBeLessThan(MOST_GROWTH);
  });

  it('cuts what is long', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
    expect(quote('x'.repeat(1_000))).toHaveLength(62);
  });
});

describe('the place of an offset', () => {
  it('is found in every line, whatever its line end', () => {
    const text = 'ab\r\n\ncd\n';
    const source = sourceOf('webhooks.yaml', text);
    const places = Array.from({ length: text.length + 1 }, (_, offset) => placeOf(offset, source));
    expect(places.map(({ line, column }) => `${line}:${column}`)).toEqual(
      ['1:1', '1:2', '1:3', '1:4', '2:1', '3:1', '3:2', '3:3', '4:1'], // after the last line end begins line 4
    );
    expect([1, 2, 3, 4].map((line) => text.slice(...lineRange(line, source)))).toEqual(['ab', '', 'cd', '']);
  });
});

describe('a frame', () => {
  /** As the seventh line of a manifest. */
  const framed = (text: string, column: number, length: number) => {
    const start = 6 + column - 1;
    return frameOf({ start, end: start + length }, sourceOf('webhooks.yaml', `${'\n'.repeat(6)}${text}\n`));
  };

  it.each([
    ['points at a part of the line', 'trigger: craete', 10, 6, '7 | trigger: craete\n  |          ^^^^^^'],
    ['points behind the end', 'callers: [ms', 13, 0, '7 | callers: [ms\n  |             ^'],
    ['ends its carets with the line', 'ab', 1, 100, '7 | ab\n  | ^^'],
    ['has a caret for an empty line', '', 1, 0, '7 | \n  | ^'],
    ['lines up behind tabs', '\ta: b', 5, 1, '7 |     a: b\n  |        ^'],
    ['shows control characters', 'a\u001b[2Jb', 2, 1, '7 | a␛[2Jb\n  |  ^'],
  ])('%s', (_what, text, column, length, expected) => {
    expect(framed(text, column, length)).toBe(expected);
  });

  it('cuts a long line around the caret', () => {
    const [line = '', carets = ''] = framed(`${'a '.repeat(250)}HERE${'b'.repeat(500)}`, 501, 4).split('\n');
    expect(line.length).toBeLessThanOrEqual(120);
    expect(line).toMatch(/^7 \| …[a ]+HEREb+…$/);
    expect(carets.indexOf('^^^^')).toBe(line.indexOf('HERE'));
  });

  it.each([
    ['user info that ends behind the cut', `handler: https://me:${'s3cret'.repeat(50)}@e.com/x`, 10, 5],
    ['user info that begins before the cut', `handler: https://me:${'s3cret'.repeat(50)}@e.com/x`, 200, 5],
    ['a query that begins before the cut', `handler: https://e.com/?k=${'s3cret'.repeat(50)}`, 200, 5],
    ['a query that ends behind the cut', `handler: https://e.com/?k=${'s3cret'.repeat(50)}`, 10, 5],
    ['the end of a query', `{h: "https://e.com/?k=${'s3cret'.repeat(50)}", trigger: crate}`, 336, 5],
    ['the end of a query, as JSON', `{"h":"https://e.com/?k=${'s3cret'.repeat(50)}","trigger":"crate"}`, 336, 5],
  ])('shows nothing of a secret, cut or not: %s', (_what, text, column, length) => {
    expect(framed(text, column, length)).not.toMatch(/s3cret|3cret|s3cre|ret/);
  });

  it('of one long line of JSON shows what is about the caret', () => {
    const text = `{"h":"https://e.com/?k=${'s3cret'.repeat(50)}","trigger":"crate"}`;
    expect(framed(text, text.indexOf('"crate"') + 1, 7)).toContain('*","trigger":"crate"}');
  });

  it('shows the beginning of a long line as it is', () => {
    const [line = ''] = framed(`  handler: ${'x'.repeat(500)}`, 3, 7).split('\n');
    expect(line).toMatch(/^7 \| {3}handler: x+…$/);
  });
});

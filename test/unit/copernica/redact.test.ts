import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../src/copernica/redact.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';

const TOKEN = 'A1b2+c3/d4"E5&f6=g7';

/** Each character that `which` fits as `write` has it. */
const each = (which: RegExp, write: (code: number, character: string) => string) => (text: string) =>
  text.replace(which, (character) => write(character.charCodeAt(0), character));
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');

const NOT_IN_TAGS = /[<>&"']/g;
const NAMED: Readonly<Record<string, string>> = { '<': 'lt', '>': 'gt', '&': 'amp', '"': 'quot', "'": 'apos' };
const ODD = /[^\w-]/g;

/** What programs do with text before they put it somewhere else. */
const ENCODERS: Readonly<Record<string, (text: string) => string>> = {
  'for a URL': encodeURIComponent,
  'for a URL, in lower case': (text) => encodeURIComponent(text).replace(/%../g, (found) => found.toLowerCase()),
  'for a URL, all that is odd': each(ODD, (code) => `%${hex(code, 2).toUpperCase()}`),
  'for the path of a URL': encodeURI,
  'for a form': (text) => new URLSearchParams({ t: text }).toString().slice(2),
  'for HTML, named': each(NOT_IN_TAGS, (_, character) => `&${NAMED[character]};`),
  'for HTML, named but for one': each(NOT_IN_TAGS, (_, character) =>
    character === "'" ? '&#039;' : `&${NAMED[character]};`,
  ),
  'for HTML, in decimals': each(ODD, (code) => `&#${code};`),
  'for HTML, in hexadecimals': each(ODD, (code) => `&#x${hex(code, 2)};`),
  'for HTML, in upper case': each(ODD, (code) => `&#X${hex(code, 4).toUpperCase()};`),
  'for JSON': (text) => JSON.stringify(text).slice(1, -1),
  'for JSON, slashes too': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'for JSON, all that is odd': each(ODD, (code) => `\\u${hex(code, 4)}`),
  'for JSON in a page, in upper case': (text) =>
    each(/[<>&'+]/g, (code) => `\\u${hex(code, 4).toUpperCase()}`)(JSON.stringify(text).slice(1, -1)),
  'for a script': each(ODD, (code) => `\\x${hex(code, 2)}`),
};
const TWICE = Object.entries(ENCODERS).flatMap(([inner, first]) =>
  Object.entries(ENCODERS).map(
    ([outer, second]) => [`${inner}, and that ${outer}`, (text: string) => second(first(text))] as const,
  ),
);
const AWKWARD = `k7<p&q%2Br+s"t\\u/v>w'x=y@z`;

describe('a secret with characters that are escaped', () => {
  it.each([...Object.entries(ENCODERS), ...TWICE])('is taken out whole where it is written %s', (_, encode) => {
    const redact = redactor([AWKWARD]);
    expect(redact(`before ${encode(AWKWARD)} after`)).toBe('before *** after');
    expect(redact(`"${encode(AWKWARD)}"`)).toBe('"***"');
  });

  it('may have spaces, which a form writes as +', () => {
    const secret = 'two words + "more"';
    for (const encode of Object.values(ENCODERS)) expect(redactor([secret])(`=${encode(secret)}&`)).toBe('=***&');
  });

  it('may have letters of any language', () => {
    const secret = 'wachtwoört-😀-€<';
    for (const encode of [encodeURIComponent, (text: string) => each(/[^\w]/g, (code) => `\\u${hex(code, 4)}`)(text)]) {
      expect(redactor([secret])(`(${encode(secret)})`)).toBe('(***)');
    }
  });

  it('is found behind what looks like the beginning of an escape', () => {
    const secret = 'ab<cdefghijk';
    for (const before of ['%', '%2', '&', '&#', '&#x', '\\', '\\u00', '%25', '&amp', '+']) {
      const redacted = redactor([secret])(`${before}${encodeURIComponent(secret)} ${before}${secret}`);
      expect(redacted).toMatch(/\*{3}.* .*\*{3}$/);
      expect(redacted).not.toContain('cdefgh');
    }
  });
});

describe('secrets that overlap', () => {
  it.each([
    [['abcdefgh12', 'gh12wxyz99'], 'abcdefgh12wxyz99'],
    [['abcdefgh', 'abcdefgh-and-more'], 'abcdefgh-and-more'],
    [['cdefghij', 'abcdefghijkl'], 'abcdefghijkl'],
    [['abababab'], 'ababababababa'],
    [['abcdefgh', 'h%3Cxyzxyz'], 'abcdefgh%3Cxyzxyz'],
    [['<bcdefgh', 'abc%3Cbcd'], 'abc%3Cbcdefgh'],
  ])('%j leave nothing of %s', (secrets, text) => {
    const [first = '', ...rest] = redactor(secrets)(`[${text}]`).split('***');
    expect([first, ...rest].join('')).toMatch(/^\[a?\]$/);
  });
});

describe('a text that is cut off', () => {
  const secret = 'k7p2q9-token<with&odd';
  it.each([1, 5, 12])('shows no more than a few characters of a secret, %i short of its end', (missing) => {
    for (const encode of Object.values(ENCODERS)) {
      const whole = encode(secret);
      expect(redactor([secret])(`text ${whole.slice(0, whole.length - missing)}`)).toBe('text ***');
    }
  });
});

describe('time', () => {
  const secrets = [AWKWARD, 'aaaaaaaaaaaaaaaaaaaab', '%25%25%25%25%25%25'];
  it.each(['a', '%25', '\\\\u005c', 'eyJaaaaa-', 'eyJaaaaa.b.', 'bearer ', AWKWARD.slice(0, 12)])(
    'grows with the text and no faster, of %j',
    (piece) => {
      const redact = redactor(secrets);
      expect(growth((size) => piece.repeat(size / piece.length), redact)).toBeLessThan(MOST_GROWTH);
    },
  );
});

describe('redactor', () => {
  it.each([
    ['as it is', TOKEN],
    ['percent-encoded', encodeURIComponent(TOKEN)],
    ['percent-encoded in lower case', encodeURIComponent(TOKEN).toLowerCase()],
    ['as a form writes it', new URLSearchParams({ t: TOKEN }).toString()],
    ['JSON-escaped', JSON.stringify({ t: TOKEN })],
    ['escaped for HTML', TOKEN.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
    ['in base64', btoa(TOKEN)],
    ['in the middle of base64', btoa(`x:${TOKEN}:y`)],
    ['in base64url', Buffer.from(`user:${TOKEN}`).toString('base64url')],
  ])('takes the secret out %s', (_, text) => {
    const redacted = redactor([TOKEN])(`before ${text} after`);
    expect(redacted).toMatch(/^before .*\*\*\*.* after$/);
    expect(redacted.toLowerCase()).not.toContain(TOKEN.slice(2, 12).toLowerCase());
    expect(redacted).not.toContain(btoa(TOKEN).slice(4, 14));
  });

  it.each([
    ['/v3/webhooks?access_token=somebody-elses&start=0', '/v3/webhooks?access_token=***&start=0'],
    ['{"url":"https://h/?access_token=abc"}', '{"url":"https://h/?access_token=***"}'],
    ['Authorization: Bearer abcdefgh.ijk', 'Authorization: Bearer ***'],
    ['it is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln.', 'it is ***.'],
  ])('takes out what looks like a token, also one that it does not know: %s', (text, expected) => {
    expect(redactor([])(text)).toBe(expected);
  });

  it('leaves other text alone, and does not let a very short secret take the alphabet with it', () => {
    expect(redactor(['a', ''])('a banana for the bearer of it')).toBe('a banana for the bearer of it');
  });

  it('leaves no secret whole, whatever it is made of and wherever it stands', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (token, before, after) => {
        // A mask that stands next to the text may spell the secret again only if the secret is made of stars.
        fc.pre(!token.includes('*'));
        const redact = redactor([token]);
        for (const form of [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)]) {
          expect(redact(`${before}${form}${after}`)).not.toContain(form);
        }
      }),
    );
  });
});

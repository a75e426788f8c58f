/** Character references of HTML for what stands in tokens and URLs. */
const HTML_NAMES: Readonly<Record<string, string>> = {
  excl: '!',
  quot: '"',
  num: '#',
  dollar: '$',
  percnt: '%',
  amp: '&',
  apos: "'",
  lpar: '(',
  rpar: ')',
  ast: '*',
  plus: '+',
  comma: ',',
  period: '.',
  sol: '/',
  colon: ':',
  semi: ';',
  lt: '<',
  equals: '=',
  gt: '>',
  quest: '?',
  commat: '@',
  lsqb: '[',
  lbrack: '[',
  bsol: '\\',
  rsqb: ']',
  rbrack: ']',
  hat: '^',
  lowbar: '_',
  grave: '`',
  lcub: '{',
  lbrace: '{',
  vert: '|',
  verbar: '|',
  rcub: '}',
  rbrace: '}',
};

/** What JSON and scripts write behind a backslash, and mean something else by. */
const BACKSLASHED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** What every escape begins with: a form writes a space as `+`. */
export const ESCAPE_BEGINNINGS: readonly string[] = ['%', '&', '\\', '+'];

/** A character outside of the alphabets that are written in two bytes: `%f0%9f%98%80`, `\ud83d\ude00`. */
const LONGEST_ESCAPE = 12;

/** A character, and where the next one begins. */
export interface Reading {
  readonly character: string;
  readonly end: number;
}

/** Capital letters of ASCII as small ones, so that hexadecimals of either case are alike. As long as before. */
export function folded(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * The characters that may stand at a place of a folded text: the one that is there; the one that URLs, forms, HTML, JSON
 * or scripts write in this way; and the one that is written so in a text that was then put into another such text.
 */
export function readingsAt(text: string, at: number): Reading[] {
  const plain = characterAt(text, at);
  const readings = [{ character: plain, end: at + plain.length }];
  if (!ESCAPE_BEGINNINGS.includes(plain)) return readings;
  const once = unescaped(text.slice(at, at + LONGEST_ESCAPE));
  if (once !== null) readings.push({ character: once.character, end: at + once.end });
  const outer = outerLayer(text, at);
  const twice = unescaped(outer.text);
  const end = twice === null ? undefined : outer.ends[twice.end - 1];
  if (twice !== null && end !== undefined) readings.push({ character: twice.character, end });
  return readings;
}

/** What a text is from a place on, as long as an escape, when one layer of escapes is taken off; and where each unit ends. */
function outerLayer(text: string, from: number): { readonly text: string; readonly ends: readonly number[] } {
  let inner = '';
  const ends: number[] = [];
  for (let at = from; at < text.length && inner.length < LONGEST_ESCAPE; ) {
    const here = text.charAt(at);
    const read = ESCAPE_BEGINNINGS.includes(here) ? unescaped(text.slice(at, at + LONGEST_ESCAPE)) : null;
    const character = read?.character ?? here;
    at += read?.end ?? 1;
    inner += character;
    for (let unit = 0; unit < character.length; unit += 1) ends.push(at);
  }
  return { text: inner, ends };
}

const ESCAPE =
  /^(?:%([0-9a-f]{2})|&#x0{0,4}([0-9a-f]{1,6});|&#0{0,4}(\d{1,7});|&([a-z]{2,7});|\\(u[0-9a-f]{4}|x[0-9a-f]{2})|\\(["'\\/nrt])|(\+))/;

/** The character that an escape at the beginning of a text stands for, in folded form; null: there is none. */
function unescaped(text: string): Reading | null {
  const found = ESCAPE.exec(text);
  if (found === null) return null;
  const [whole, byte, hexadecimal, decimal, name, unit, behind] = found;
  const end = whole.length;
  if (byte !== undefined) return fromBytes(text);
  if (unit !== undefined) return fromUnits(text, Number.parseInt(unit.slice(1), 16), end);
  if (behind !== undefined) return { character: BACKSLASHED[behind] ?? behind, end };
  if (name !== undefined) return HTML_NAMES[name] === undefined ? null : { character: HTML_NAMES[name], end };
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  if (hexadecimal === undefined && decimal === undefined) return { character: ' ', end };
  return code > 0x10ffff ? null : { character: folded(String.fromCodePoint(code)), end };
}

/** `%e2%82%ac`: UTF-8, of which the first byte says how many there are. */
function fromBytes(text: string): Reading | null {
  const first = Number.parseInt(text.slice(1, 3), 16);
  const count = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const end = count * 3;
  if (!/^(?:%[0-9a-f]{2})+$/.test(text.slice(0, end)) || text.length < end) return null;
  try {
    return { character: folded(decodeURIComponent(text.slice(0, end))), end };
  } catch {
    return null;
  }
}

/** `\u003c`, or two of them that are one character. */
function fromUnits(text: string, first: number, end: number): Reading {
  const second = /^\\u(d[c-f][0-9a-f]{2})/.exec(text.slice(end))?.[1];
  if (first < 0xd800 || first > 0xdbff || second === undefined) {
    return { character: folded(String.fromCharCode(first)), end };
  }
  return { character: String.fromCharCode(first, Number.parseInt(second, 16)), end: end + 6 };
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

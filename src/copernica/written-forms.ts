/** A text as it reads once its escapes are decoded. */
export interface WrittenForm {
  readonly text: string;
  /** Where a unit begins in the original text; for the position after the last unit: where that ends. */
  readonly placeOf: (at: number) => number;
}

/** A way to write characters inside other text. */
interface Escaping {
  readonly pattern: RegExp;
  readonly read: (found: string) => string;
}

/** One UTF-8 character; its first byte says how many bytes there are. */
const BYTES =
  '%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}';
const HTML_NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Letters that have another meaning after a backslash in JSON and scripts. */
const BACKSLASHED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const ESCAPINGS: readonly Escaping[] = [
  { pattern: new RegExp(BYTES, 'gi'), read: percentDecoded },
  // Forms write a space as `+`, and the rest as URLs do.
  { pattern: new RegExp(`\\+|${BYTES}`, 'gi'), read: (found) => (found === '+' ? ' ' : percentDecoded(found)) },
  { pattern: /&(?:#x0{0,4}[0-9a-f]{1,6}|#0{0,4}\d{1,7}|[a-z]{2,4});/gi, read: htmlDecoded },
  { pattern: /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|["'\\/nrt])/gi, read: backslashDecoded },
];

/**
 * The text as it is, and with the escapes of URLs, forms, HTML, or JSON and scripts decoded, once and, for text that
 * was put into another such text, twice.
 */
export function* writtenForms(text: string): Generator<WrittenForm> {
  const plain: WrittenForm = { text, placeOf: (at) => at };
  yield plain;
  for (const outer of ESCAPINGS) {
    const once = withoutEscapes(plain, outer);
    if (once === null) continue;
    yield once;
    for (const inner of ESCAPINGS) {
      const twice = withoutEscapes(once, inner);
      if (twice !== null) yield twice;
    }
  }
}

/** Null: there are no escapes. Most texts contain no secret, so places are computed only when asked for. */
function withoutEscapes(form: WrittenForm, escaping: Escaping): WrittenForm | null {
  const text = form.text.replace(escaping.pattern, escaping.read);
  if (text === form.text) return null;
  let places: readonly number[] | null = null;
  const placeOf = (at: number) => {
    places ??= placesIn(form, escaping);
    return places[at] ?? at;
  };
  return { text, placeOf };
}

function placesIn({ text, placeOf }: WrittenForm, { pattern, read }: Escaping): readonly number[] {
  const places: number[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    for (let at = end; at < index; at += 1) places.push(placeOf(at));
    places.push(...Array<number>(read(found).length).fill(placeOf(index)));
    end = index + found.length;
  }
  for (let at = end; at <= text.length; at += 1) places.push(placeOf(at));
  return places;
}

function percentDecoded(found: string): string {
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}

function htmlDecoded(found: string): string {
  const name = found.slice(1, -1).toLowerCase();
  if (!name.startsWith('#')) return HTML_NAMES[name] ?? found;
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0x10ffff ? found : String.fromCodePoint(code);
}

function backslashDecoded(found: string): string {
  const behind = found.slice(1);
  return behind.length === 1
    ? (BACKSLASHED[behind] ?? behind)
    : String.fromCharCode(Number.parseInt(behind.slice(1), 16));
}

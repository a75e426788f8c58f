import { type WrittenForm, writtenForms } from './written-forms.js';

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

const MASK = '***';

/** A shorter secret would take half of every text with it: such tokens have to be refused before they are used. */
export const SHORTEST_SECRET_CHARACTERS = 8;

/** What is looked for first of a secret, so that the search takes as long for a thousand secrets as for one. */
const HEAD_CHARACTERS = SHORTEST_SECRET_CHARACTERS;

/** How many characters of a secret the text before it can swallow: `\u` takes four for its own. */
const SWALLOWED_CHARACTERS = [1, 2, 3, 4] as const;

/** What is left of an escape that was cut, or of one whose characters were escaped in turn. */
const CUT_ESCAPE = /(?:[%&\\][\w#]{0,9}){1,2}$/;
const LONGEST_CUT_ESCAPE = 20;

/** Stops at what ends a value in a URL, a header, JSON or HTML, so that a redacted log line stays valid JSON. */
const QUERY_TOKEN = /(access_token(?:=|%3d))[^&\s"'<>\\,;]+/gi;
const BEARER = /(bearer\s+)[\w.~+/=-]{8,}/gi;
/** Three base64url parts of which the first is JSON, also where it is not known here. Bounded, to stay linear. */
const JWT = /(?<!\w)eyJ[\w-]{5,1000}\.[\w-]+\.[\w-]*/g;

/**
 * Makes the function that text goes through before anybody sees it. It replaces each secret, however URLs, forms, JSON,
 * HTML and base64 write it, twice at most, and any `access_token=…`, `Bearer …` and JWT, whosever they are. Takes
 * linear time.
 */
export function redactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => hide(text).replace(QUERY_TOKEN, `$1${MASK}`).replace(BEARER, `$1${MASK}`).replace(JWT, MASK);
}

/**
 * Like `redactor`, but of these secrets alone: for results, where somebody's `access_token=…` may be a handler's own.
 */
export function hider(secrets: readonly string[]): Redact {
  const byHead = needlesByHead(secrets.filter((secret) => secret.length >= SHORTEST_SECRET_CHARACTERS));
  if (byHead.size === 0) return (text) => text;
  const firsts = new Set([...byHead.keys()].map((head) => head.charCodeAt(0)));
  return (text) => {
    const spans: Span[] = [];
    for (const { text: written, placeOf } of writtenForms(text)) {
      const form = { text: folded(written), placeOf };
      for (let at = 0; at < form.text.length; at += 1) {
        if (!firsts.has(form.text.charCodeAt(at))) continue;
        for (const needle of byHead.get(form.text.slice(at, at + HEAD_CHARACTERS)) ?? []) {
          const end = endOf(needle, form, at);
          if (end !== null) spans.push({ from: placeOf(at), to: placeOf(end) });
        }
      }
    }
    return masked(text, spans);
  };
}

/**
 * What is looked for: a secret as it is or in base64, or one that the text before it has swallowed the beginning of.
 */
interface Needle {
  readonly text: string;
  readonly isTail: boolean;
}

function needlesByHead(secrets: readonly string[]): ReadonlyMap<string, readonly Needle[]> {
  const tails = secrets
    .flatMap((secret) => SWALLOWED_CHARACTERS.map((count) => secret.slice(count)))
    .map((text) => ({ text, isTail: true }));
  const wholes = secrets.flatMap((secret) => [secret, ...base64Forms(secret)]).map((text) => ({ text, isTail: false }));
  const byHead = new Map<string, Needle[]>();
  for (const { text, isTail } of [...wholes, ...tails]) {
    if (text.length < HEAD_CHARACTERS) continue;
    const head = folded(text.slice(0, HEAD_CHARACTERS));
    byHead.set(head, [...(byHead.get(head) ?? []), { text: folded(text), isTail }]);
  }
  return byHead;
}

/** Capital letters of ASCII as small ones, since some write everything in small ones. As long as before. */
function folded(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Where the secret ends that seems to begin here; null: it is another text. One that is cut off ends with the text. */
function endOf({ text: secret, isTail }: Needle, form: WrittenForm, from: number): number | null {
  if (isTail && form.placeOf(from) - form.placeOf(from - 1) === 1) return null;
  if (form.text.startsWith(secret, from)) return from + secret.length;
  if (form.text.length - from > secret.length + LONGEST_CUT_ESCAPE) return null;
  const rest = form.text.slice(from);
  return secret.startsWith(rest) || secret.startsWith(rest.replace(CUT_ESCAPE, '')) ? form.text.length : null;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Spans that overlap are one, so that no part of either secret is left. */
function masked(text: string, spans: readonly Span[]): string {
  let shown = '';
  let end = 0;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (from >= end) shown += text.slice(end, from) + MASK;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}

/**
 * What the secret looks like inside base64: its bytes can start at three places of a group of three, and the characters
 * at the edges, which hold bits of the neighbours as well, are left out.
 */
function base64Forms(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret));
  const inner = [0, 1, 2].map((shift) => {
    const encoded = btoa('\0'.repeat(shift) + bytes).replaceAll('=', '');
    const edge = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return encoded.slice(shift === 0 ? 0 : shift + 1, encoded.length - edge);
  });
  return inner.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

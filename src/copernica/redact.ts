import { type WrittenForm, writtenForms } from './written-forms.js';

/** Removes secrets from a text. */
export type Redact = (text: string) => string;

const MASK = '***';

/** A shorter secret would remove half of every text. Such tokens must be refused before they are used. */
export const SHORTEST_SECRET_CHARACTERS = 8;

/** The part of a secret that is searched for first, so that a thousand secrets take no longer than one. */
const HEAD_CHARACTERS = SHORTEST_SECRET_CHARACTERS;

/** How many characters of a secret the text before it can swallow: `\u` takes four as its own. */
const SWALLOWED_CHARACTERS = [1, 2, 3, 4] as const;

/** The rest of an escape that was cut off, or whose characters were themselves escaped. */
const CUT_ESCAPE = /(?:[%&\\][\w#]{0,9}){1,2}$/;
const LONGEST_CUT_ESCAPE = 20;

/** Stops at whatever ends a value in a URL, a header, JSON or HTML, so that a redacted log line stays valid JSON. */
const QUERY_TOKEN = /(access_token(?:=|%3d))[^&\s"'<>\\,;]+/gi;
const BEARER = /(bearer\s+)[\w.~+/=-]{8,}/gi;
/** Three base64url parts of which the first is JSON, even of an unknown token. Bounded, to stay linear. */
const JWT = /(?<!\w)eyJ[\w-]{5,1000}\.[\w-]+\.[\w-]*/g;

/**
 * Makes the function that all text passes before anybody sees it. It replaces each secret, however it is written in
 * URLs, forms, JSON, HTML and base64, nested at most twice, and any `access_token=…`, `Bearer …` and JWT, whoever it
 * belongs to. Takes linear time.
 */
export function redactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => hide(text).replace(QUERY_TOKEN, `$1${MASK}`).replace(BEARER, `$1${MASK}`).replace(JWT, MASK);
}

/** Like `redactor`, but only for these secrets: in results, an `access_token=…` may be part of a handler. */
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
 * What is searched for: a secret as it is or in base64, or its rest after the text before has swallowed its beginning.
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

/** ASCII capitals as small letters, since some programs write everything in small ones. The length stays the same. */
function folded(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Where the secret ends that seems to begin here; if it is cut off, with the text. Null: it is another text. */
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

/** Overlapping spans are merged, so that no part of either secret is left. */
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
 * A secret inside base64: its bytes can start at three places in a group of three. The characters at the edges, which
 * also hold bits of the neighbours, are left out.
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

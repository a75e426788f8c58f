import { ESCAPE_BEGINNINGS, folded, readingsAt } from './spellings.js';

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

const MASK = '***';

/** A shorter secret would take half of every text with it: such tokens have to be refused before they are used. */
export const SHORTEST_SECRET_CHARACTERS = 8;

/** An escape that was put into another text, each of its characters as an escape. */
const LONGEST_CUT_ESCAPE = 64;

/** Stops at what ends a value in a URL, a header, JSON or HTML, so that a redacted log line stays valid JSON. */
const QUERY_TOKEN = /(access_token(?:=|%3d))[^&\s"'<>\\,;]+/gi;
const BEARER = /(bearer\s+)[\w.~+/=-]{8,}/gi;

/**
 * Makes the function that text goes through before anybody sees it. It replaces each secret, however URLs, forms, JSON,
 * HTML and base64 write it, twice at most, and any `access_token=…`, `Bearer …` and JWT, whosever they are. Takes linear time.
 */
export function redactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => withoutJwts(hide(text).replace(QUERY_TOKEN, `$1${MASK}`).replace(BEARER, `$1${MASK}`));
}

/** Like `redactor`, but of these secrets alone: for results, where somebody's `access_token=…` may be a handler's own. */
export function hider(secrets: readonly string[]): Redact {
  const root = treeOf(
    secrets
      .filter((secret) => secret.length >= SHORTEST_SECRET_CHARACTERS)
      .flatMap((secret) => [secret, ...base64Spellings(secret)]),
  );
  return root.children.size === 0 ? (text) => text : (text) => masked(text, spansIn(folded(text), root));
}

/** All secrets, character by character: those with the same beginning share it. */
interface Node {
  readonly children: Map<string, Node>;
  /** Characters up to here. */
  readonly depth: number;
  isEnd: boolean;
}

function treeOf(secrets: readonly string[]): Node {
  const root: Node = { children: new Map(), depth: 0, isEnd: false };
  for (const secret of secrets) {
    let node = root;
    for (const character of folded(secret)) {
      const next = node.children.get(character) ?? { children: new Map(), depth: node.depth + 1, isEnd: false };
      node.children.set(character, next);
      node = next;
    }
    node.isEnd = true;
  }
  return root;
}

interface Span {
  readonly from: number;
  to: number;
}

/** What of the text belongs to a secret. Secrets that overlap are one span, so that no part of either is left. */
function spansIn(text: string, root: Node): readonly Span[] {
  const beginnings = new Set(
    [...root.children.keys(), ...ESCAPE_BEGINNINGS].map((character) => character.charCodeAt(0)),
  );
  const spans: Span[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (!beginnings.has(text.charCodeAt(at))) continue;
    const end = endFrom(text, at, root);
    const last = spans.at(-1);
    if (end === null) continue;
    if (last !== undefined && at < last.to) last.to = Math.max(last.to, end);
    else spans.push({ from: at, to: end });
  }
  return spans;
}

/** Where the longest secret that begins here ends, or null. A character may be written in several ways at once. */
function endFrom(text: string, from: number, root: Node): number | null {
  let end: number | null = null;
  let fronts: { readonly node: Node; readonly at: number }[] = [{ node: root, at: from }];
  while (fronts.length > 0) {
    const next: typeof fronts = [];
    for (const { node, at } of fronts) {
      if (node.isEnd) end = Math.max(end ?? 0, at);
      const readings = readingsAt(text, at);
      const steps = readings.flatMap(({ character, end: place }) => {
        const child = node.children.get(character);
        return child === undefined ? [] : [{ node: child, at: place }];
      });
      // One reading: no whole escape is there.
      if (readings.length === 1 && isCutOff(text, at, node)) return text.length;
      next.push(...steps.filter((step) => !next.some((other) => other.node === step.node && other.at === step.at)));
    }
    fronts = next;
  }
  return end;
}

/** A text that was cut in the middle of a secret, or of an escape in it, ends with a part of it. */
function isCutOff(text: string, at: number, { depth, children }: Node): boolean {
  if (depth < SHORTEST_SECRET_CHARACTERS || children.size === 0) return false;
  return at >= text.length || (text.length - at < LONGEST_CUT_ESCAPE && /^[%&\\][\w%&#;\\]*$/.test(text.slice(at)));
}

function masked(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const parts = spans.map(({ from }, index) => text.slice(spans[index - 1]?.to ?? 0, from));
  return [...parts, text.slice(spans.at(-1)?.to)].join(MASK);
}

/** Three base64url parts of which the first is JSON: a JWT, also one that is not known here. */
function withoutJwts(text: string): string {
  return text.includes('eyJ') ? text.replace(/[\w.-]+/g, withoutJwtsInWord) : text;
}

function withoutJwtsInWord(word: string): string {
  const parts = word.split('.');
  const kept: string[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] ?? '';
    const start = index + 2 < parts.length && parts[index + 1] !== '' ? jwtStart(part) : -1;
    kept.push(start < 0 ? part : part.slice(0, start) + MASK);
    if (start >= 0) index += 2;
  }
  return kept.join('.');
}

/** Where the first part of a JWT begins: with `{"` in base64, at the beginning of a word. Below 0: nowhere. */
function jwtStart(part: string): number {
  const start = part.startsWith('eyJ') ? 0 : part.indexOf('-eyJ') + 1;
  return (start === 0 && !part.startsWith('eyJ')) || part.length - start < 8 ? -1 : start;
}

/**
 * What the secret looks like inside base64: its bytes can start at three places of a group of three, and the characters
 * at the edges, which hold bits of the neighbours as well, are left out.
 */
function base64Spellings(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret));
  const inner = [0, 1, 2].map((shift) => {
    const encoded = btoa('\0'.repeat(shift) + bytes).replaceAll('=', '');
    const edge = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return encoded.slice(shift === 0 ? 0 : shift + 1, encoded.length - edge);
  });
  return inner.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

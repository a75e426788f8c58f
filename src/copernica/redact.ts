/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

const MASK = '***';

/** A shorter secret would take half of every text with it: such tokens have to be refused before they are used. */
export const SHORTEST_SECRET_CHARACTERS = 8;

/** Stops at what ends a value in a URL, a header, JSON or HTML, so that a redacted log line stays valid JSON. */
const QUERY_TOKEN = /(access_token(?:=|%3d))[^&\s"'<>\\,;]+/gi;
const BEARER = /(bearer\s+)[\w.~+/=-]{8,}/gi;
/** Three base64url parts of which the first is JSON: a JWT, also one that is not known here. */
const JWT = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;

/**
 * Makes the function that text goes through before anybody sees it. It replaces each secret, as it is and as URLs,
 * forms, JSON, HTML and base64 write it, and any `access_token=…`, `Bearer …` and JWT, whosever they are.
 */
export function redactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => hide(text).replace(QUERY_TOKEN, `$1${MASK}`).replace(BEARER, `$1${MASK}`).replace(JWT, MASK);
}

/** Like `redactor`, but of these secrets alone: for results, where somebody's `access_token=…` may be a handler's own. */
export function hider(secrets: readonly string[]): Redact {
  const forms = [
    ...new Set(secrets.filter((secret) => secret.length >= SHORTEST_SECRET_CHARACTERS).flatMap(spellings)),
  ];
  // The longest first: a form that is part of another must not leave the rest of it behind.
  const alternatives = forms.sort((a, b) => b.length - a.length).map(escapeForPattern);
  const known = alternatives.length === 0 ? null : new RegExp(alternatives.join('|'), 'gi');
  return (text) => (known === null ? text : text.replace(known, MASK));
}

function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const html = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return [secret, percentEncoded(secret), form, json, json.replaceAll('/', '\\/'), html, ...base64Spellings(secret)];
}

/** Like encodeURIComponent, which throws on half a surrogate pair. */
function percentEncoded(secret: string): string {
  return encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd'));
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

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** User info of anything like a URL: the text between `//` and an `@`, including quotes and brackets. */
const USER_INFO = /\/\/[^\s/@]*(?:@[^\s/@]*)*@/g;
/** Names of variables reveal nothing. */
const REFERENCES = /^\/\/(\$\{\w+\}:?)+@$/;
/** The end of a quoted value, since JSON and YAML can write the next one without a space. */
const END_OF_VALUE = /["'](?=[,:\]}])/;
/** Text at the end of a cut that may have gone on to an `@`. */
const OPEN_USER_INFO = /(?<=\/\/)[^\s/]+$/;
/** May precede a `?` or `#` that belongs to no URL. */
const OPENERS: ReadonlySet<string> = new Set(['"', "'", '(', '[', '{']);

/** Whether a text was taken from a longer one in the middle of a word, perhaps of a URL. */
export interface Cut {
  readonly before: boolean;
  readonly after: boolean;
}

/**
 * Masks possible secrets in handlers and keeps the length, so that a caret under a frame still points to the right
 * place. The manifest's text is shown as written, so this masks anything like a URL, even a broken one, and whatever a
 * cut may have left of a secret. Takes linear time: each rule examines each word once.
 */
export function maskUrls(text: string, cut: Cut = { before: false, after: false }): string {
  const begun = cut.before ? text.replace(/^\S+/, maskedValue) : text;
  const ended = cut.after ? begun.replace(OPEN_USER_INFO, masked) : begun;
  return ended
    .replace(USER_INFO, (found) => (REFERENCES.test(found) ? found : `//${stars(found.length - 3)}@`))
    .replace(/\S+/g, (word) => maskedBehind(word, queryOfUrl))
    .replace(/\S+/g, (word) => maskedBehind(word, queryWithoutScheme));
}

/** A word up to the end of a quoted value in it. */
function maskedValue(word: string): string {
  const end = word.search(END_OF_VALUE);
  return end < 0 ? masked(word) : masked(word.slice(0, end)) + word.slice(end);
}

/** Masks everything behind the place found; below 0: nothing. */
function maskedBehind(word: string, find: (word: string) => number): string {
  const at = find(word);
  return at < 0 ? word : word.slice(0, at + 1) + masked(word.slice(at + 1));
}

/** Query or fragment of anything with a scheme, up to the next space: a quote may be part of it, or end it. */
function queryOfUrl(word: string): number {
  const scheme = word.indexOf('://');
  if (scheme < 0) return -1;
  const mark = word.slice(scheme).search(/[?#]/);
  return mark < 0 ? -1 : scheme + mark;
}

/** Without a scheme: a `?` or `#` with text before it. Without a `=` or `&` after it, it is a question. */
function queryWithoutScheme(word: string): number {
  const last = Math.max(word.lastIndexOf('='), word.lastIndexOf('&'));
  for (let at = 1; at < last; at += 1) {
    if ((word[at] === '?' || word[at] === '#') && !OPENERS.has(word[at - 1] ?? '')) return at;
  }
  return -1;
}

/** Keeps references to variables, whose names reveal nothing, but not the default value after a name. */
function masked(text: string): string {
  const parts = text.split(/(\$\{\w+\})/);
  return parts.map((part, index) => (index % 2 === 1 ? part : stars(part.length))).join('');
}

function stars(count: number): string {
  return '*'.repeat(Math.max(0, count));
}

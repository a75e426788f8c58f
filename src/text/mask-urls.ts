/** User info of anything like a URL: what stands between `//` and an `@`. Quotes and brackets are taken there too. */
const USER_INFO = /\/\/[^\s/@]*(?:@[^\s/@]*)*@/g;
/** Names of variables tell nothing. */
const REFERENCES = /^\/\/(\$\{\w+\}:?)+@$/;
/** The end of a quoted value, as JSON and YAML write one after another without a space. */
const END_OF_VALUE = /["'](?=[,:\]}])/;
/** What may go on to an `@` behind the end of a text that was cut. */
const OPEN_USER_INFO = /(?<=\/\/)[^\s/]+$/;
/** What may stand before a `?` or `#` that belongs to no URL. */
const OPENERS: ReadonlySet<string> = new Set(['"', "'", '(', '[', '{']);

/** Where a text was taken from a longer one: in the midst of a word, perhaps of a URL. */
export interface Cut {
  readonly before: boolean;
  readonly after: boolean;
}

/**
 * Text without what can be secret in a handler, in a form that is as long: a caret under a frame stays where it points.
 * The manifest is shown as it is written, so this goes by what looks like a URL, a broken one too. Of a text that was
 * cut, what may belong to a secret is masked as well. Takes linear time: each rule goes through each word once.
 */
export function maskUrls(text: string, cut: Cut = { before: false, after: false }): string {
  const begun = cut.before ? text.replace(/^\S+/, maskedValue) : text;
  const ended = cut.after ? begun.replace(OPEN_USER_INFO, masked) : begun;
  return ended
    .replace(USER_INFO, (found) => (REFERENCES.test(found) ? found : `//${stars(found.length - 3)}@`))
    .replace(/\S+/g, (word) => maskedBehind(word, queryOfUrl))
    .replace(/\S+/g, (word) => maskedBehind(word, queryWithoutScheme));
}

/** A word up to where a quoted value ends in it. */
function maskedValue(word: string): string {
  const end = word.search(END_OF_VALUE);
  return end < 0 ? masked(word) : masked(word.slice(0, end)) + word.slice(end);
}

/** All behind the place that is found is masked; below 0: nothing. */
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

/** Without a scheme: a `?` or `#` that something stands before; without a `=` or `&` after it, it is a question. */
function queryWithoutScheme(word: string): number {
  const last = Math.max(word.lastIndexOf('='), word.lastIndexOf('&'));
  for (let at = 1; at < last; at += 1) {
    if ((word[at] === '?' || word[at] === '#') && !OPENERS.has(word[at - 1] ?? '')) return at;
  }
  return -1;
}

/** But for references to variables, whose names tell nothing. A default value after the name may. */
function masked(text: string): string {
  const parts = text.split(/(\$\{\w+\})/);
  return parts.map((part, index) => (index % 2 === 1 ? part : stars(part.length))).join('');
}

function stars(count: number): string {
  return '*'.repeat(Math.max(0, count));
}

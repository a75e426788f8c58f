/** User info of anything like a URL: what stands between `//` and an `@`. Quotes and brackets are taken there too. */
const USER_INFO = /\/\/[^\s/@]*(?:@[^\s/@]*)*@/g;
/** Names of variables tell nothing. */
const REFERENCES = /^\/\/(\$\{\w+\}:?)+@$/;
/** Where a frame's long line is cut: what begins before the cut can't be told from a query. */
const AFTER_CUT = /(\| …)(\S+)/g;
/** What may stand before a `?` or `#` that belongs to no URL. */
const OPENERS: ReadonlySet<string> = new Set(['"', "'", '(', '[', '{']);

/**
 * Text without what can be secret in a handler, in a form that is as long: a caret under a frame stays where it points.
 * The manifest is shown as it is written, so this goes by what looks like a URL, a broken one too. Takes linear time:
 * each word is gone through once for each of the rules.
 */
export function maskUrls(text: string): string {
  return text
    .replace(AFTER_CUT, (_found, before: string, rest: string) => `${before}${stars(rest.length)}`)
    .replace(USER_INFO, (found) => (REFERENCES.test(found) ? found : `//${stars(found.length - 3)}@`))
    .replace(/\S+/g, (word) => maskedBehind(word, queryOfUrl))
    .replace(/\S+/g, (word) => maskedBehind(word, queryWithoutScheme));
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

/** User info of anything like a URL: what stands between `//` and an `@`. Quotes and brackets are taken there too. */
const USER_INFO = /\/\/[^\s/@]*(?:@[^\s/@]*)*@/g;
/** Names of variables tell nothing. */
const REFERENCES = /^\/\/(\$\{\w+\}:?)+@$/;
/** Where a frame's long line is cut: what begins before the cut can't be told from a query. */
const AFTER_CUT = /(\| …)(\S+)/g;
/** Query and fragment of anything with a scheme, up to the next space: a quote may be part of it, or end it. */
const URL_QUERY = /(:\/\/[^\s?#]*)([?#])(\S+)/g;
/** Without a scheme: from a `?` or `#` that something stands before; without a `=` or `&` it is a question. */
const QUERY_OR_FRAGMENT = /(?<=[^\s"'([{])([?#])(?=[^\s]*[=&])\S+/g;

/**
 * Text without what can be secret in a handler, in a form that is as long: a caret under a frame stays where it points.
 * The manifest is shown as it is written, so this goes by what looks like a URL, a broken one too.
 */
export function maskUrls(text: string): string {
  return text
    .replace(AFTER_CUT, (_found, before: string, rest: string) => `${before}${stars(rest.length)}`)
    .replace(USER_INFO, (found) => (REFERENCES.test(found) ? found : `//${stars(found.length - 3)}@`))
    .replace(URL_QUERY, (_found, before: string, mark: string, rest: string) => `${before}${mark}${masked(rest)}`)
    .replace(QUERY_OR_FRAGMENT, (found, mark: string) => `${mark}${masked(found.slice(1))}`);
}

/** But for references to variables, whose names tell nothing. A default value after the name may. */
function masked(text: string): string {
  return text.replace(/(\$\{\w+\})|./gs, (_found, reference?: string) => reference ?? '*');
}

function stars(count: number): string {
  return '*'.repeat(Math.max(0, count));
}

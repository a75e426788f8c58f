import type { Problem } from '../errors.js';
import type { StatusProblem } from './snapshot.js';

/** User info of anything like a URL: what stands between `//` and an `@`. */
const USER_INFO = /\/\/[^\s/"'<>@]*(?:@[^\s/"'<>@]*)*@/g;
/** Names of variables tell nothing. */
const REFERENCES = /^\/\/(\$\{\w+\}:?)+@$/;
/** Query or fragment: from a `?` or `#` that something stands before, to what ends a value. */
const QUERY_OR_FRAGMENT = /(?<=[^\s"'<>([{])([?#])(?=[^\s"'<>]*[=&])[^\s"'<>]+/g;
/** Without a `=` or `&` it is a question in a sentence, unless it follows a URL's scheme. */
const URL_QUERY = /(:\/\/[^\s"'<>?#]*)([?#])([^\s"'<>]+)/g;

/**
 * Text without what can be secret in a handler, in a form that is as long: a caret under a frame stays where it points.
 * The manifest is shown as it is written, so this goes by what looks like a URL, a broken one too.
 */
export function maskUrls(text: string): string {
  return text
    .replace(USER_INFO, (found) => (REFERENCES.test(found) ? found : `//${stars(found.length - 3)}@`))
    .replace(URL_QUERY, (_found, before: string, mark: string, rest: string) => `${before}${mark}${stars(rest.length)}`)
    .replace(QUERY_OR_FRAGMENT, (found, mark: string) => `${mark}${stars(found.length - 1)}`);
}

function stars(count: number): string {
  return '*'.repeat(Math.max(0, count));
}

/** A problem as the status server may show it. */
export function safeProblem(problem: Problem): StatusProblem {
  const { code, severity, message, name, file, line, column, frame, remedy } = problem;
  return {
    code,
    severity,
    message: maskUrls(message),
    name: name ?? null,
    file: file ?? null,
    line: line ?? null,
    column: column ?? null,
    frame: frame === undefined ? null : maskUrls(frame),
    remedy: remedy === undefined ? null : maskUrls(remedy),
  };
}

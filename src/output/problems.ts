import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { printable, printableLines } from '../text/printable.js';
import { painter, type Style } from './paint.js';

const STYLE_OF: Readonly<Record<Problem['severity'], Style>> = {
  error: 'red',
  warning: 'yellow',
  notice: 'cyan',
};

/**
 * A problem for people: `webhooks.yaml:12:5: error: message`, the line with a caret, ` help: remedy`. No line end at
 * its end. Control characters are shown, wherever they come from, and not sent to the terminal.
 */
export function formatProblem(problem: Problem, { color }: { readonly color: boolean }): string {
  const { severity, remedy } = problem;
  const message = problem.account === undefined ? problem.message : `[${problem.account}] ${problem.message}`;
  const paint = painter(color);
  const place = placeText(problem);
  const head = `${paint(STYLE_OF[severity], `${severity}:`)} ${paint('bold', printable(message))}`;
  const frame =
    problem.frame === undefined
      ? []
      : printableLines(problem.frame)
          .split('\n')
          .map((line) => `  ${line}`);
  const help = remedy === undefined ? [] : [`  ${paint('cyan', 'help:')} ${printable(remedy)}`];
  return [place === '' ? head : `${place}: ${head}`, ...frame, ...help].join('\n');
}

function placeText({ file, line, column }: Problem): string {
  if (file === undefined) return '';
  return [printable(file), line, line === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(':');
}

/** One item of the lists `errors` and `warnings` in every JSON document. */
export interface ProblemJson {
  readonly code: ProblemCode;
  readonly message: string;
  readonly name: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly remedy: string | null;
  /** Set if there are several accounts. */
  readonly account?: string;
}

export function problemJson(problem: Problem): ProblemJson {
  return {
    code: problem.code,
    message: problem.message,
    name: problem.name ?? null,
    file: problem.file ?? null,
    line: problem.line ?? null,
    column: problem.column ?? null,
    remedy: problem.remedy ?? null,
    ...(problem.account === undefined ? {} : { account: problem.account }),
  };
}

/** A GitHub workflow command that shows the problem at its line in the pull request. */
export function githubAnnotation(problem: Problem): string {
  const { severity, file, line, column, code, message, remedy, account } = problem;
  const title = account === undefined ? code : `${account}: ${code}`;
  const properties = Object.entries({ file, line, col: column, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(printable(String(value)))}`);
  const text = [message, ...(remedy === undefined ? [] : [`help: ${remedy}`])].map(printable).join('\n');
  return `::${severity} ${properties.join(',')}::${escapeData(text)}`;
}

/** The message of a workflow command is a single line. */
export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** In a workflow command a comma also ends a property, and a colon ends the properties. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

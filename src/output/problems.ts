import type { Problem } from '../errors.js';
import { painter } from './paint.js';

/** A problem in the form that every `errors` and `warnings` list has. */
export interface ProblemJson {
  readonly code: string;
  readonly message: string;
  readonly name: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly remedy: string | null;
}

export function problemJson({ code, message, name, file, line, column, remedy }: Problem): ProblemJson {
  return {
    code,
    message,
    name: name ?? null,
    file: file ?? null,
    line: line ?? null,
    column: column ?? null,
    remedy: remedy ?? null,
  };
}

/** `webhooks.yaml:12:5: error: …`, the line with a caret under it, and what to do. */
export function formatProblem(problem: Problem, options: { readonly color: boolean }): string {
  const paint = painter(options.color);
  const { file, line, column, severity, message, frame, remedy } = problem;
  const place = file === undefined || line === undefined ? '' : `${file}:${line}:${column ?? 1}: `;
  const head = `${paint('bold', place)}${paint(severity === 'error' ? 'red' : 'yellow', `${severity}:`)} ${message}`;
  const shown = frame === undefined ? [] : frame.split('\n').map((text) => paint('dim', `    ${text}`));
  return [head, ...shown, ...(remedy === undefined ? [] : [`  ${paint('cyan', 'help:')} ${remedy}`])].join('\n');
}

/** `::error file=…,line=…,col=…,title=…::message`, as GitHub's workflow commands want it. */
export function githubAnnotation({ severity, file, line, column, code, message, remedy }: Problem): string {
  const place = [
    ...(file === undefined ? [] : [`file=${escapeProperty(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${escapeProperty(code)}`,
  ].join(',');
  return `::${severity} ${place}::${escapeData(remedy === undefined ? message : `${message}\nhelp: ${remedy}`)}`;
}

/** https://github.com/actions/toolkit, packages/core: `%`, line ends, and in properties `:` and `,` too. */
export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

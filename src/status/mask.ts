import type { Problem } from '../errors.js';
import { maskUrls } from '../mask-urls.js';
import type { StatusProblem } from './snapshot.js';

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

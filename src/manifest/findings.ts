import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { LIMITS } from './limits.js';
import { frameOf, placeOf, type Range, type Source } from './source.js';

/** A problem with a part of a text. */
export interface Finding extends Range {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
  readonly severity?: 'warning';
  /** Name of the entry that it is about. */
  readonly name?: string | undefined;
  /** The line is not shown. */
  readonly withoutFrame?: boolean;
}

export type Report = (finding: Finding) => void;

/** The findings in one text, each once: every entry that uses an anchor finds the same mistake behind it. */
export class Findings {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #seen = new Set<string>();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** There are more errors than are reported, so looking for further ones is pointless. */
  get isFull(): boolean {
    return this.errors.length > LIMITS.problems;
  }

  readonly report: Report = (finding) => {
    const list = finding.severity === 'warning' ? this.warnings : this.errors;
    const key = `${finding.start} ${finding.code} ${finding.message}`;
    if (list.length > LIMITS.problems || this.#seen.has(key)) return;
    this.#seen.add(key);
    list.push(problemOf(finding, this.#source));
  };
}

export function problemOf(finding: Finding, source: Source): Problem {
  const { code, message, remedy, severity = 'error', name, start, withoutFrame = false } = finding;
  return {
    code,
    message,
    severity,
    file: source.file,
    ...placeOf(start, source),
    ...(withoutFrame ? {} : { frame: frameOf(finding, source) }),
    ...(name === undefined ? {} : { name }),
    remedy,
  };
}

/** Stands for the problems of a file that are not reported. */
export function moreProblems(file: string, severity: Problem['severity']): Problem {
  const message = `there are more problems than the ${LIMITS.problems} shown`;
  return { code: 'more-problems', severity, message, file, remedy: 'fix those above and try again' };
}

import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { frame } from './frame.js';
import { LIMITS } from './limits.js';
import type { LineIndex, Place } from './places.js';

/** Something wrong with a part of the text: from offset `start` to before `end`. */
export interface Finding {
  readonly code: ProblemCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly severity?: 'warning';
  readonly remedy?: string;
  /** Name of the entry it is about. */
  readonly name?: string | undefined;
  /** It is about how the line is written: what else is found on that line is a consequence and is not told. */
  readonly syntax?: boolean;
}

export type Report = (finding: Finding) => void;

export interface Findings {
  readonly report: Report;
  /** There are more errors than are told: looking for still more is of no use. */
  isFull(): boolean;
  /** As many as are told; errors never give way to warnings. */
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Whether there were more. */
  hasMore(): boolean;
}

/** One mistake behind an anchor is found by each entry that uses it, and told once. */
export function collectFindings(): Findings {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const seen = new Set<string>();
  let moreErrors = false;
  let moreWarnings = false;
  const report: Report = (finding) => {
    const list = finding.severity === 'warning' ? warnings : errors;
    const key = `${finding.start} ${finding.code} ${finding.message}`;
    if (seen.has(key)) return;
    if (list.length < LIMITS.problems) {
      seen.add(key);
      list.push(finding);
    } else if (finding.severity === 'warning') moreWarnings = true;
    else moreErrors = true;
  };
  return { report, errors, warnings, isFull: () => moreErrors, hasMore: () => moreErrors || moreWarnings };
}

/** The findings as problems with places and frames, in the order of the text. */
export function toProblems(findings: Findings, file: string, lines: LineIndex): Problem[] {
  const placed = [...findings.errors, ...findings.warnings]
    .sort((a, b) => a.start - b.start)
    .map((finding) => ({ finding, place: lines.placeOf(finding.start) }));
  const badLines = new Set(placed.flatMap(({ finding, place }) => (finding.syntax === true ? [place.line] : [])));
  const problems = placed
    .filter(({ finding, place }) => finding.syntax === true || !badLines.has(place.line))
    .map(({ finding, place }) => toProblem(finding, file, place, lines));
  return findings.hasMore() ? [...problems, moreProblems(findings, file)] : problems;
}

function toProblem(finding: Finding, file: string, place: Place, lines: LineIndex): Problem {
  const { code, message, severity = 'error', remedy, name, start, end } = finding;
  return {
    code,
    message,
    severity,
    file,
    ...place,
    frame: frame(lines.lineText(place.line), place, end - start),
    ...(name === undefined ? {} : { name }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function moreProblems({ errors }: Findings, file: string): Problem {
  return {
    code: 'more-problems',
    severity: errors.length > 0 ? 'error' : 'warning',
    message: `there are more problems than the ${LIMITS.problems} shown`,
    file,
    remedy: 'mend those above and look again',
  };
}

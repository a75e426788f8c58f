import type { Problem } from '../errors.js';
import { frame } from './frame.js';
import { LIMITS } from './limits.js';
import type { LineIndex } from './places.js';

/** Something wrong with a part of the text: from offset `start` to before `end`. */
export interface Finding {
  readonly code: string;
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

/** One mistake behind an anchor is found by each entry that uses it, and told once. */
export function collectFindings(): { readonly report: Report; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const report: Report = (finding) => {
    const key = `${finding.start} ${finding.code} ${finding.message}`;
    if (seen.has(key)) return;
    seen.add(key);
    findings.push(finding);
  };
  return { report, findings };
}

/** The findings as problems with places and frames, in the order of the text. */
export function toProblems(findings: readonly Finding[], file: string, lines: LineIndex): Problem[] {
  const placed = findings.map((finding) => ({ finding, place: lines.placeOf(finding.start) }));
  const badLines = new Set(placed.flatMap(({ finding, place }) => (finding.syntax === true ? [place.line] : [])));
  const told = placed
    .filter(({ finding, place }) => finding.syntax === true || !badLines.has(place.line))
    .sort((a, b) => a.finding.start - b.finding.start);
  const problems = told.slice(0, LIMITS.problems).map(({ finding, place }): Problem => {
    const { code, message, severity = 'error', remedy, name } = finding;
    return {
      code,
      message,
      severity,
      file,
      ...place,
      frame: frame(lines.lineText(place.line), place, finding.end - finding.start),
      ...(name === undefined ? {} : { name }),
      ...(remedy === undefined ? {} : { remedy }),
    };
  });
  return told.length > LIMITS.problems ? [...problems, theRest(told.slice(LIMITS.problems), file)] : problems;
}

function theRest(untold: readonly { readonly finding: Finding }[], file: string): Problem {
  const severity = untold.every(({ finding }) => finding.severity === 'warning') ? 'warning' : 'error';
  return {
    code: 'too-many-problems',
    severity,
    message: `and ${untold.length} more problems, which are not shown`,
    file,
    remedy: 'mend those above and look again',
  };
}

import { LineCounter } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { frame } from '../text/frame.js';
import { LIMITS } from './limits.js';

/** Something wrong with a part of the text: from offset `start` to before `end`. */
export interface Finding {
  readonly code: ProblemCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly severity?: 'warning';
  readonly remedy?: string;
  /** Name of the entry it is about. */
  readonly name?: string;
  /** It is about how the line is written: what else is found on that line is a consequence and is not told. */
  readonly syntax?: boolean;
  /** The line is not shown. */
  readonly withoutFrame?: boolean;
}

export type Report = (finding: Finding) => void;

/** The text of a manifest, and where its lines begin. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** Line and column, from 1. A column is one UTF-16 code unit, as editors and GitHub count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function sourceOf(file: string, text: string): Source {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
  return { file, text, lines };
}

export function placeOf(offset: number, { lines }: Source): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** A place in words: `webhooks.yaml:4:11`. */
export function where(offset: number, source: Source): string {
  const { line, column } = placeOf(offset, source);
  return `${source.file}:${line}:${column}`;
}

/** From where to where the line reaches, without its line end. YAML 1.2 ends lines by LF or CR LF. */
export function lineRange(line: number, { text, lines }: Source): readonly [start: number, end: number] {
  const start = lines.lineStarts[line - 1] ?? text.length;
  const next = lines.lineStarts[line];
  const end = next === undefined ? text.length : next - 1;
  return [start, text[end - 1] === '\r' && end > start ? end - 1 : end];
}

/** The part of the text in its line, with a caret under it. */
export function frameOf(start: number, end: number, source: Source): string {
  const place = placeOf(start, source);
  return frame(source.text, { lineRange: lineRange(place.line, source), line: place.line, start, end });
}

/** What is found, each once: one mistake behind an anchor is found by each entry that uses it. */
export class Findings {
  readonly errors: Finding[] = [];
  readonly warnings: Finding[] = [];
  readonly #seen = new Set<string>();
  #hasMoreErrors = false;
  #hasMoreWarnings = false;

  /** Errors never give way to warnings. */
  readonly report: Report = (finding) => {
    const isWarning = finding.severity === 'warning';
    const list = isWarning ? this.warnings : this.errors;
    const key = `${finding.start} ${finding.code} ${finding.message}`;
    if (this.#seen.has(key)) return;
    if (list.length < LIMITS.problems) {
      this.#seen.add(key);
      list.push(finding);
    } else if (isWarning) this.#hasMoreWarnings = true;
    else this.#hasMoreErrors = true;
  };

  /** There are more errors than are told: looking for still more is of no use. */
  get isFull(): boolean {
    return this.#hasMoreErrors;
  }

  /** As problems with places and frames, in the order of the text. */
  toProblems(source: Source): Problem[] {
    const placed = [...this.errors, ...this.warnings]
      .sort((a, b) => a.start - b.start)
      .map((finding) => ({ finding, place: placeOf(finding.start, source) }));
    const badLines = new Set(placed.flatMap(({ finding, place }) => (finding.syntax === true ? [place.line] : [])));
    const problems = placed
      .filter(({ finding, place }) => finding.syntax === true || !badLines.has(place.line))
      .map(({ finding, place }) => toProblem(finding, place, source));
    if (!this.#hasMoreErrors && !this.#hasMoreWarnings) return problems;
    const more: Problem = {
      code: 'more-problems',
      severity: this.errors.length > 0 ? 'error' : 'warning',
      message: `there are more problems than the ${LIMITS.problems} shown`,
      file: source.file,
      remedy: 'mend those above and look again',
    };
    return [...problems, more];
  }
}

function toProblem(finding: Finding, place: Place, source: Source): Problem {
  const { code, message, severity = 'error', remedy, name, start, end, withoutFrame = false } = finding;
  return {
    code,
    message,
    severity,
    file: source.file,
    ...place,
    ...(withoutFrame ? {} : { frame: frameOf(start, end, source) }),
    ...(name === undefined ? {} : { name }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

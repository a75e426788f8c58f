import type { CheckResult } from '../doctor/check.js';
import type { FailureKind, Problem } from '../errors.js';
import { printable } from '../text/printable.js';
import { painter, type Style } from './paint.js';

type Status = CheckResult['status'];

const STYLE_OF: Readonly<Record<Status, Style>> = { ok: 'green', warning: 'yellow', problem: 'red', skipped: 'dim' };
const STATUS_WIDTH = 7;
/** For example, of a manifest's errors. */
const MOST_CAUSES_SHOWN = 5;

export interface CheckJson {
  readonly check: string;
  readonly section: string;
  /** Which of several: host and port. */
  readonly subject: string | null;
  readonly status: Status;
  readonly message: string;
  readonly remedy: string | null;
}

/** The document of `doctor --json`, except the lists that every document has. */
export function doctorJson(checks: readonly CheckResult[]) {
  return { checks: checks.map(checkJson), summary: countStatuses(checks) };
}

function checkJson(check: CheckResult): CheckJson {
  const { id, section, subject = null, status, message } = check;
  const remedy = 'remedy' in check ? check.remedy : null;
  return { check: id, section: section.replace(/ \(.*/, ''), subject, status, message, remedy };
}

/** What is wrong or needs attention, in the form of every other command. */
export function doctorProblems(checks: readonly CheckResult[]): Problem[] {
  return checks.flatMap(problemsOf);
}

function problemsOf(check: CheckResult): readonly Problem[] {
  const message = check.subject === undefined ? check.message : `${check.subject}: ${check.message}`;
  switch (check.status) {
    case 'ok':
    case 'skipped':
      return [];
    case 'warning':
      return [{ code: `doctor-${check.id}`, severity: 'warning', message, remedy: check.remedy }];
    case 'problem':
      return check.causes ?? [{ code: `doctor-${check.id}`, severity: 'error', message, remedy: check.remedy }];
  }
}

export function doctorFailures(checks: readonly CheckResult[]): FailureKind[] {
  return checks.flatMap((check) => (check.status === 'problem' ? [check.failure] : []));
}

function countStatuses(checks: readonly CheckResult[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warning: 0, problem: 0, skipped: 0 };
  for (const { status } of checks) counts[status] += 1;
  return counts;
}

/**
 * For people: by section, one line for each check with its remedy below. Consecutive checks that were skipped for the
 * same reason share a line.
 */
export function formatDoctor(checks: readonly CheckResult[], { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const lines: string[] = [];
  let names: string[] = [];
  for (const [index, check] of checks.entries()) {
    const { section, status, message } = check;
    if (section !== checks[index - 1]?.section) lines.push(...(index === 0 ? [] : ['']), paint('bold', section));
    names.push(check.subject ?? check.id);
    const next = checks[index + 1];
    const goesOn = next?.section === section && next.status === status && next.message === message;
    if (status === 'skipped' && goesOn) continue;
    const text = `${names.join(', ')}: ${message}`;
    lines.push(`  ${paint(STYLE_OF[status], status.padEnd(STATUS_WIDTH))}  ${printable(text)}`);
    const below = [...causeLines(check), ...helpLines(check, paint)];
    lines.push(...below.map((line) => `${' '.repeat(STATUS_WIDTH + 4)}${line}`));
    names = [];
  }
  return `${lines.join('\n')}\n\n${summaryLine(checks)}\n`;
}

function causeLines(check: CheckResult): string[] {
  if (check.status !== 'problem' || check.causes === undefined || check.causes.length < 2) return [];
  const { causes } = check;
  const lines = causes.slice(0, MOST_CAUSES_SHOWN).map(({ file, line, column, message, remedy }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    return printable(`${place === '' ? '' : `${place}: `}${message}${remedy === undefined ? '' : ` (${remedy})`}`);
  });
  const more = causes.length - MOST_CAUSES_SHOWN;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

function helpLines(check: CheckResult, paint: ReturnType<typeof painter>): string[] {
  return 'remedy' in check ? [`${paint('cyan', 'help:')} ${printable(check.remedy)}`] : [];
}

function summaryLine(checks: readonly CheckResult[]): string {
  const { ok, warning, problem, skipped } = countStatuses(checks);
  const parts = [
    ...(problem === 0 ? [] : [`${problem} problem${problem === 1 ? '' : 's'}`]),
    ...(warning === 0 ? [] : [`${warning} warning${warning === 1 ? '' : 's'}`]),
    `${ok} ok`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ');
  if (problem > 0) return `Something is wrong: ${parts}`;
  return warning > 0 ? `Works, with something to see to: ${parts}` : `All is well: ${parts}`;
}

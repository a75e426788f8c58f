import type { Verified } from '../doctor/verify.js';
import type { Problem } from '../errors.js';
import { printable } from '../text/printable.js';
import { wrap } from '../text/wrap.js';
import { type AccountAbout, accountJson, accountLine } from './account.js';
import { painter, type Style } from './paint.js';

/** What it was about. */
export interface VerifyTarget {
  readonly account: AccountAbout;
  readonly apiVersion: string;
  /** The version of this program. */
  readonly version: string;
}

/** The document of `verify --json`, except the lists that every document has. */
export function verifyJson({ account, apiVersion, version }: VerifyTarget, rows: readonly Verified[]) {
  return { account: accountJson(account), apiVersion, version, checks: rows, summary: countStatuses(rows) };
}

/** Each difference with its meaning, and whether something could not be seen. */
export function verifyProblems(rows: readonly Verified[]): Problem[] {
  const otherwise = rows.flatMap(({ reliedOn, seen, means }): Problem[] => {
    if (means === null) return [];
    const message = `this account does not behave as relied on: ${reliedOn}; seen: ${seen}. It means: ${means}`;
    return [{ code: 'verify-otherwise', severity: 'error', message, remedy: REPORT }];
  });
  const unseen = rows.filter(({ status }) => status === 'unseen');
  const [first] = unseen;
  if (first === undefined) return otherwise;
  const message = `${unseen.length} of ${rows.length} could not be seen; the first: ${first.reliedOn} (${first.seen})`;
  return [...otherwise, { code: 'verify-unseen', severity: 'error', message, remedy: AGAIN }];
}

const REPORT = 'report it with the output of `verify --json`, which contains no secrets';
const AGAIN =
  'run it again; if a POST was refused, check that the domain of the handler is validated in the dashboard, and that the database exists';

const STYLE_OF: Readonly<Record<Verified['status'], Style>> = { ok: 'green', otherwise: 'red', unseen: 'yellow' };
/** Columns with two spaces in between, 80 characters in all. */
const WIDTH = { status: 9, reliedOn: 35, seen: 22, time: 8 };
const INDENT = ' '.repeat(WIDTH.status + 2);

/** For people: a table with a line or two for each, the meaning below each difference, and a last line. */
export function formatVerified(
  { account, apiVersion }: VerifyTarget,
  rows: readonly Verified[],
  { color, leavesNothing }: { readonly color: boolean; readonly leavesNothing: boolean },
): string {
  const paint = painter(color);
  const head = `${accountLine(account)}, version ${apiVersion} of the API`;
  const titles = cells(['', 'RELIED ON', 'SEEN', 'TIME']);
  const lines = rows.flatMap((row) => {
    const means = row.means === null ? [] : wrap(`It means: ${row.means}`, WIDTH.reliedOn + WIDTH.seen + 2);
    const [first = '', ...rest] = rowLines(row);
    const status = paint(STYLE_OF[row.status], first.slice(0, WIDTH.status));
    return [`${status}${first.slice(WIDTH.status)}`, ...rest, ...means.map((line) => `${INDENT}${line}`)];
  });
  const left = leavesNothing ? 'nothing is left behind' : 'something may be left behind';
  return `${[head, '', paint('dim', titles), ...lines, '', `${closing(rows)}; ${left}`].join('\n')}\n`;
}

function rowLines({ status, reliedOn, seen, durationMs }: Verified): string[] {
  const relied = wrap(reliedOn, WIDTH.reliedOn);
  const shown = wrap(printable(seen), WIDTH.seen);
  const time = durationMs === null ? '-' : `${Math.round(durationMs)} ms`;
  return Array.from({ length: Math.max(relied.length, shown.length) }, (_, index) =>
    cells([index === 0 ? status : '', relied[index] ?? '', shown[index] ?? '', index === 0 ? time : '']),
  );
}

function cells([status = '', reliedOn = '', seen = '', time = '']: readonly string[]): string {
  const columns = [status.padEnd(WIDTH.status), reliedOn.padEnd(WIDTH.reliedOn), seen.padEnd(WIDTH.seen)];
  return [...columns, time.padStart(WIDTH.time)].join('  ').trimEnd();
}

function closing(rows: readonly Verified[]): string {
  const { ok, otherwise, unseen } = countStatuses(rows);
  if (otherwise + unseen === 0) return `All ${ok} are as relied on`;
  const parts = [
    ...(otherwise === 0 ? [] : [`${otherwise} otherwise`]),
    ...(unseen === 0 ? [] : [`${unseen} could not be seen`]),
    `${ok} as relied on`,
  ];
  return parts.join(', ');
}

function countStatuses(rows: readonly Verified[]): Readonly<Record<Verified['status'], number>> {
  const counts = { ok: 0, otherwise: 0, unseen: 0 };
  for (const { status } of rows) counts[status] += 1;
  return counts;
}

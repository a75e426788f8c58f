import type { FailureKind, Problem } from '../errors.js';
import { maskUrls } from '../mask-urls.js';
import type { AppliedChange } from '../plan/applied.js';
import { CHANGED_IN_ACCOUNT, isDrift } from '../plan/change.js';
import { duplicateRemedy, possiblyDuplicated } from '../recovery/duplicates.js';
import { lossesProblem } from '../recovery/losses.js';
import type { RunView } from '../status/rows.js';

/** What a notice can be about, the gravest first. `drift` is an event; the others last until they are mended. */
export const REASON_CODES = [
  'not-begun',
  'manifest-broken',
  'run-failed',
  'run-refused',
  'answers-lost',
  'webhooks-failed',
  'uncertain',
  'possibly-duplicated',
  'drift',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** One thing that is wrong, or was. Handlers in it are masked. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  /** Of the first webhooks that it is about. */
  readonly names: readonly string[];
  /** How many there are besides. */
  readonly more: number;
  readonly remedy: string | null;
}

/** So many webhooks are named; the rest is counted. */
export const MOST_NAMES = 10;

/** The file as it is now can't be used. `inForce`: there is an older one to go by. */
export function manifestReason(problems: readonly Problem[], inForce: boolean): Reason {
  const [first, ...others] = problems;
  const { file = 'the file', line, column } = first ?? {};
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const what = first === undefined ? '' : ` (${place}: ${maskUrls(first.message)}${andMore(others.length)})`;
  const force = inForce ? 'the last good one stays in force' : 'there is none to go by';
  const remedy = 'mend the file: it is read again by itself as soon as it changes';
  return reason('manifest-broken', `the manifest can't be used: ${force}${what}`, { remedy });
}

/** It never began, and nothing but a new start of the program helps. */
export function notBegunReason(problems: readonly Problem[]): Reason {
  const message = `this account is not kept until the program is started anew${told(problems)}`;
  return reason('not-begun', message, { remedy: problems[0]?.remedy });
}

/** A run that ended before anything was changed. */
export function runReason(failure: FailureKind, problems: readonly Problem[]): Reason {
  const remedy = problems[0]?.remedy;
  if (failure === 'refused') return reason('run-refused', `a guard refused the run${told(problems)}`, { remedy });
  return reason('run-failed', `the run could not be carried out${told(problems)}`, { remedy });
}

/** What a run that came to its end left undone or in doubt. */
export function reportReasons({ changes, state }: RunView): Reason[] {
  return [
    ...lossesProblem(state).map(({ message, remedy }) => reason('answers-lost', message, { remedy })),
    ...about('webhooks-failed', ofResult(changes, 'failed'), (count) =>
      count === 1 ? '1 webhook is not as the manifest says' : `${count} webhooks are not as the manifest says`,
    ),
    ...about('uncertain', ofResult(changes, 'uncertain'), (count) =>
      count === 1 ? '1 create is of unknown outcome' : `${count} creates are of unknown outcome`,
    ),
    ...doubleReasons(state),
  ];
}

function doubleReasons(state: RunView['state']): Reason[] {
  const doubled = possiblyDuplicated(state);
  const [first] = doubled;
  if (first === undefined) return [];
  const title = doubled.length === 1 ? '1 webhook may exist twice' : `${doubled.length} webhooks may exist twice`;
  const names = doubled.map((each) => each.name);
  return [reason('possibly-duplicated', title, { names, remedy: duplicateRemedy(first) })];
}

/** Names of the webhooks that a run found gone or changed in the account. */
export function driftedNames(changes: readonly AppliedChange[]): string[] {
  return changes.flatMap(({ change, result }) => (isDrift(change) && result !== 'skipped' ? [change.name] : []));
}

export function driftReason(names: readonly string[]): Reason {
  const were = names.length === 1 ? '1 webhook was' : `${names.length} webhooks were`;
  const remedy = 'they are put back as the manifest says: find out who else changes them';
  return reason('drift', `${were} found gone or ${CHANGED_IN_ACCOUNT}`, { names, remedy });
}

function ofResult(changes: readonly AppliedChange[], result: AppliedChange['result']): AppliedChange[] {
  return changes.filter((applied) => applied.result === result);
}

/** Nothing where it is about no webhook. The first one's error tells what exactly, and what to do. */
function about(code: ReasonCode, changes: readonly AppliedChange[], title: (count: number) => string): Reason[] {
  const [first] = changes;
  if (first === undefined) return [];
  const problem = first.error?.problems[0];
  const names = changes.map(({ change }) => change.name);
  const message = `${title(changes.length)}${told(problem === undefined ? [] : [problem])}`;
  return [reason(code, message, { names, remedy: problem?.remedy })];
}

function reason(
  code: ReasonCode,
  message: string,
  { names = [], remedy }: { readonly names?: readonly string[]; readonly remedy?: string | undefined },
): Reason {
  return {
    code,
    message,
    names: names.slice(0, MOST_NAMES),
    more: Math.max(0, names.length - MOST_NAMES),
    remedy: remedy === undefined ? null : maskUrls(remedy),
  };
}

function told([first, ...others]: readonly Problem[]): string {
  return first === undefined ? '' : `: ${maskUrls(first.message)}${andMore(others.length)}`;
}

function andMore(problems: number): string {
  return problems === 0 ? '' : `, and ${problems} more problem${problems === 1 ? '' : 's'}`;
}

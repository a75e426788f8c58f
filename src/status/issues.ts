import type { FailureKind, Problem } from '../errors.js';
import { maskUrls } from '../mask-urls.js';
import type { AppliedChange } from '../plan/applied.js';
import { CHANGED_IN_ACCOUNT } from '../plan/change.js';
import { duplicateRemedy, duplicateWarnings, possiblyDuplicated } from '../recovery/duplicates.js';
import { lossesProblem } from '../recovery/losses.js';
import type { RunView } from './rows.js';
import { type Advice, safeProblem, safeProblems } from './snapshot.js';

/** What a notice can be about, the gravest first. `drift` is an event; the others last until they are fixed. */
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

/** One thing that is wrong, or was, as a notice tells it. Handlers in it are masked. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  /** Of the first webhooks that it is about. */
  readonly names: readonly string[];
  /** How many there are besides. */
  readonly more: number;
  readonly remedy: string | null;
}

/** One thing that is wrong with an account until it is fixed: as a notice tells it, and as the page shows it. */
export interface Issue {
  readonly reason: Reason;
  readonly advice: Advice;
}

const LIMITS = {
  /** Webhooks that a notice names; the rest is counted. */
  names: 10,
  /** Webhooks whose errors the page shows above its table, which has them all. */
  problems: 3,
} as const;

const TRIED_AGAIN = 'it is tried again automatically, after longer and longer waits of up to 5 minutes';

/** The file as it is now can't be used. `inForce`: there is an older one to go by. */
export function manifestIssue(problems: readonly Problem[], inForce: boolean): Issue {
  const [first, ...others] = problems;
  const { file = 'the file', line, column } = first ?? {};
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const force = inForce ? 'the last good one stays in force' : 'there is none to go by';
  const remedy = 'fix the file; it is reloaded automatically as soon as it changes';
  return issue('manifest-broken', `the manifest can't be used: ${force}`, {
    detail: first === undefined ? '' : ` (${place}: ${maskUrls(first.message)}${andMore(others.length)})`,
    remedy,
    advice: { ...shownOf(problems), remedy },
  });
}

/** It never began, and nothing but a new start of the program helps. */
export function notBegunIssue(problems: readonly Problem[]): Issue {
  return issue('not-begun', 'this account is not kept until the program is started anew', {
    detail: detailOf(problems),
    remedy: problems[0]?.remedy,
    advice: shownOf(problems),
  });
}

/** A run that ended before anything was changed. */
export function runIssue(failure: FailureKind, problems: readonly Problem[]): Issue {
  const [code, title, remedy] =
    failure === 'refused'
      ? (['run-refused', 'a guard refused the last run', null] as const)
      : (['run-failed', 'the last run could not be carried out', TRIED_AGAIN] as const);
  return issue(code, title, {
    detail: detailOf(problems),
    remedy: problems[0]?.remedy,
    advice: { ...shownOf(problems), remedy },
  });
}

/** What a run that came to its end left undone or in doubt. */
export function reportIssues({ changes, state }: RunView): Issue[] {
  return [
    ...lossesProblem(state).map(({ message, remedy }) =>
      issue('answers-lost', message, { remedy, advice: { remedy: remedy ?? null } }),
    ),
    ...failedIssue(changes.filter(({ result }) => result === 'failed')),
    ...uncertainIssue(changes.filter(({ result }) => result === 'uncertain')),
    ...duplicatesIssue(state),
  ];
}

function failedIssue(changes: readonly AppliedChange[]): Issue[] {
  const title = `${counted(changes.length, 'webhook is', 'webhooks are')} not as the manifest says`;
  return aboutChanges('webhooks-failed', changes, title, { filter: 'failed', remedy: TRIED_AGAIN });
}

function uncertainIssue(changes: readonly AppliedChange[]): Issue[] {
  const title = `${counted(changes.length, 'create is', 'creates are')} of unknown outcome`;
  const remedy =
    'a lost webhook is looked for automatically, and created again only when that is safe; what stays here needs you';
  return aboutChanges('uncertain', changes, title, { severity: 'warning', filter: 'uncertain', remedy });
}

/** Nothing where it is about no webhook. The first one's error says what exactly, and what to do. */
function aboutChanges(
  code: ReasonCode,
  changes: readonly AppliedChange[],
  title: string,
  advice: Partial<Advice>,
): Issue[] {
  if (changes.length === 0) return [];
  const problems = changes.flatMap(({ error }) => error?.problems[0] ?? []);
  const shown = problems.slice(0, LIMITS.problems).map(safeProblem);
  return [
    issue(code, title, {
      detail: detailOf(problems.slice(0, 1)),
      names: changes.map(({ change }) => change.name),
      remedy: changes[0]?.error?.problems[0]?.remedy,
      advice: { ...advice, problems: shown, more: changes.length - shown.length },
    }),
  ];
}

function duplicatesIssue(state: RunView['state']): Issue[] {
  const duplicates = possiblyDuplicated(state);
  const [first] = duplicates;
  if (first === undefined) return [];
  const shown = duplicateWarnings(state).slice(0, LIMITS.problems).map(safeProblem);
  return [
    issue('possibly-duplicated', `${counted(duplicates.length, 'webhook', 'webhooks')} may exist twice`, {
      names: duplicates.map(({ name }) => name),
      remedy: duplicateRemedy(first),
      advice: {
        severity: 'warning',
        problems: shown,
        more: duplicates.length - shown.length,
        filter: 'possibly-duplicated',
      },
    }),
  ];
}

/** Webhooks that a run found gone or changed in the account, and puts back: an event, which only notices tell so. */
export function driftReason(names: readonly string[]): Reason {
  const title = `${counted(names.length, 'webhook was', 'webhooks were')} found gone or ${CHANGED_IN_ACCOUNT}`;
  const remedy = 'they are put back as the manifest says: find out who else changes them';
  return reasonOf('drift', title, names, remedy);
}

interface IssueParts {
  /** What a notice says besides the title; the page has `advice.problems`. */
  readonly detail?: string;
  readonly names?: readonly string[];
  /** What a notice says that can be done. */
  readonly remedy?: string | undefined;
  readonly advice: Partial<Advice>;
}

function issue(code: ReasonCode, title: string, { detail = '', names = [], remedy, advice }: IssueParts): Issue {
  return {
    reason: reasonOf(code, title + detail, names, remedy),
    advice: {
      severity: 'error',
      title: title.slice(0, 1).toUpperCase() + title.slice(1),
      problems: [],
      more: 0,
      remedy: null,
      filter: null,
      ...advice,
    },
  };
}

function reasonOf(code: ReasonCode, message: string, names: readonly string[], remedy: string | undefined): Reason {
  return {
    code,
    message,
    names: names.slice(0, LIMITS.names),
    more: Math.max(0, names.length - LIMITS.names),
    remedy: remedy === undefined ? null : maskUrls(remedy),
  };
}

function shownOf(problems: readonly Problem[]): Pick<Advice, 'problems' | 'more'> {
  const shown = safeProblems(problems);
  return { problems: shown, more: problems.length - shown.length };
}

function detailOf([first, ...others]: readonly Problem[]): string {
  return first === undefined ? '' : `: ${maskUrls(first.message)}${andMore(others.length)}`;
}

function andMore(problems: number): string {
  return problems === 0 ? '' : `, and ${problems} more problem${problems === 1 ? '' : 's'}`;
}

/** `1 webhook is`, `1,234 webhooks are`. */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

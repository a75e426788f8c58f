import { CHANGED_IN_ACCOUNT } from '../plan/change.js';
import { duplicateMessage, duplicateRemedy } from '../recovery/duplicates.js';
import type { AccountBoard, SomeProblems } from './board.js';
import type { Row } from './rows.js';
import type { Advice, StatusCounts, StatusProblem, WebhookStatus } from './snapshot.js';

/** Of the webhooks that one piece of advice is about, so many are told with their errors; the table has all. */
const MOST_TOLD = 3;

/** What is wrong or worth knowing about an account, with what to do about it: the gravest first. */
export function adviceFor(board: AccountBoard, counts: StatusCounts, stale: boolean): Advice[] {
  return [
    ...aboutManifest(board),
    ...aboutLastRun(board),
    ...aboutErrors(board.warnings),
    ...aboutWebhooks(board.rows, 'failed', counts.failed),
    ...aboutWebhooks(board.rows, 'uncertain', counts.uncertain),
    ...aboutDoubles(board.rows, counts.possiblyDuplicated),
    ...(stale ? [STALE] : []),
    ...aboutWarnings(board.warnings.filter(({ severity }) => severity === 'warning')),
    ...aboutDrift(counts.drifted),
    ...aboutOrphans(counts.orphaned),
  ];
}

const STALE: Advice = {
  severity: 'warning',
  title: 'No run has succeeded for more than three scheduled ones',
  problems: [],
  more: 0,
  remedy: 'see what the last runs failed for, below and in the log',
  filter: null,
};

function aboutManifest({ manifestProblems, desired }: AccountBoard): Advice[] {
  if (manifestProblems.total === 0) return [];
  const force =
    desired === null ? 'there is none to go on with' : 'the last good one stays in force until this is mended';
  return [
    {
      severity: 'error',
      title: `The manifest can’t be used: ${force}`,
      ...some(manifestProblems),
      remedy: 'mend the file: it is read again by itself as soon as it changes',
      filter: null,
    },
  ];
}

function aboutLastRun({ runs }: AccountBoard): Advice[] {
  const [last] = runs;
  if (last === undefined || (last.result !== 'failed' && last.result !== 'refused')) return [];
  const refused = last.result === 'refused';
  return [
    {
      severity: 'error',
      title: refused ? 'A guard refused the last run' : 'The last run could not be carried out',
      problems: last.problems,
      more: 0,
      remedy: refused ? null : 'it is tried again by itself, with longer and longer waits of up to 5 minutes',
      filter: null,
    },
  ];
}

const WEBHOOKS: Readonly<Record<'failed' | 'uncertain', (count: number) => Pick<Advice, 'title' | 'remedy'>>> = {
  failed: (count) => ({
    title: `${plural(count, 'webhook', 'webhooks')} could not be made as the manifest says`,
    remedy: 'what failed is tried again by itself, with longer and longer waits of up to 5 minutes',
  }),
  uncertain: (count) => ({
    title: `${plural(count, 'create is', 'creates are')} of unknown outcome: sent, and never confirmed`,
    remedy:
      'a lost webhook is looked for by itself, and created again only when that is safe; what stays here needs you',
  }),
};

function aboutWebhooks(rows: readonly Row[], status: 'failed' | 'uncertain', count: number): Advice[] {
  if (count === 0) return [];
  const problems = rows
    .flatMap((row) => (row.status === status && row.error !== null ? [row.error] : []))
    .slice(0, MOST_TOLD);
  const severity = status === 'failed' ? 'error' : 'warning';
  return [{ severity, ...WEBHOOKS[status](count), problems, more: count - problems.length, filter: status }];
}

function aboutDoubles(rows: readonly Row[], count: number): Advice[] {
  if (count === 0) return [];
  const problems = rows.flatMap((row) => doubleProblem(row) ?? []).slice(0, MOST_TOLD);
  return [
    {
      severity: 'warning',
      title: `${plural(count, 'webhook', 'webhooks')} may exist twice`,
      problems,
      more: count - problems.length,
      remedy: null,
      filter: 'possibly-duplicated' satisfies WebhookStatus,
    },
  ];
}

function doubleProblem({ name, id, possiblyDuplicatedRanges: ranges }: Row): StatusProblem | null {
  if (ranges === null) return null;
  return {
    code: 'possibly-duplicated',
    severity: 'warning',
    message: duplicateMessage({ name, id, ranges }),
    remedy: duplicateRemedy({ name, id, ranges }),
    name,
    file: null,
    line: null,
    column: null,
    frame: null,
  };
}

/** What a run that came to its end found wrong beside the webhooks. */
function aboutErrors(warnings: readonly StatusProblem[]): Advice[] {
  const problems = warnings.filter(({ severity }) => severity === 'error');
  return problems.map(({ message, remedy }) => {
    return { severity: 'error', title: message, problems: [], more: 0, remedy, filter: null };
  });
}

function aboutWarnings(warnings: readonly StatusProblem[]): Advice[] {
  if (warnings.length === 0) return [];
  const problems = warnings.slice(0, MOST_TOLD);
  const title = plural(warnings.length, 'warning', 'warnings');
  return [{ severity: 'note', title, problems, more: warnings.length - problems.length, remedy: null, filter: null }];
}

function aboutDrift(count: number): Advice[] {
  if (count === 0) return [];
  const title = `${plural(count, 'webhook was', 'webhooks were')} found gone or ${CHANGED_IN_ACCOUNT} at the last check`;
  const remedy = 'they were put back as the manifest says; find out who else changes them';
  return [{ severity: 'note', title, problems: [], more: 0, remedy, filter: null }];
}

function aboutOrphans(count: number): Advice[] {
  if (count === 0) return [];
  const title = `${plural(count, 'webhook is', 'webhooks are')} not in the manifest any more, and kept`;
  const remedy =
    '--prune deletes such webhooks, once the manifest has been the same for ten seconds; "forget NAME" lets go of one';
  return [{ severity: 'note', title, problems: [], more: 0, remedy, filter: 'orphaned' }];
}

function some({ shown, total }: SomeProblems): Pick<Advice, 'problems' | 'more'> {
  return { problems: shown, more: total - shown.length };
}

function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

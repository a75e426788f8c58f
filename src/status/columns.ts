import { rangesText } from '../state/ranges.js';
import { type Html, html } from './html.js';
import { keysOf, WEBHOOK_STATUSES } from './kinds.js';
import { badge, type Column, muted, timeTag } from './page-parts.js';
import type { WebhookSnapshot } from './snapshot.js';

export interface ListedRow extends WebhookSnapshot {
  readonly account: string | null;
}

export interface WebhookColumn extends Column<ListedRow> {
  /** In the URL. */
  readonly sort: string;
  /** What rows are sorted by: of a column always texts, by code unit, or always numbers. */
  readonly by: (row: ListedRow) => string | number;
}

export const WEBHOOK_COLUMNS: readonly WebhookColumn[] = [
  { sort: 'account', title: 'Account', by: ({ account }) => account ?? '', cell: ({ account }) => account ?? '' },
  { sort: 'name', title: 'Name', kind: 'head', by: ({ name }) => name, cell: ({ name }) => name },
  { sort: 'trigger', title: 'Trigger', by: ({ trigger }) => trigger, cell: triggerAndCaller },
  {
    sort: 'handler',
    title: 'Handler',
    by: ({ handler }) => handler,
    cell: ({ handler }) => html`<code>${handler}</code>`,
  },
  {
    sort: 'limit',
    title: 'Database / collection',
    by: ({ database, collection }) => `${sortable(database)} ${sortable(collection)}`,
    cell: ({ database, collection }) =>
      database === null ? muted('any') : [database, ...(collection === null ? [] : [collection])].join(' / '),
  },
  {
    sort: 'id',
    title: 'Id',
    kind: 'number',
    by: ({ id }) => id ?? 0,
    cell: ({ id }) => (id === null ? muted('none yet') : String(id)),
  },
  {
    sort: 'status',
    title: 'Status',
    by: ({ status }) => keysOf(WEBHOOK_STATUSES).indexOf(status),
    cell: (row) => html`${badge(WEBHOOK_STATUSES[row.status])}${statusDetail(row)}`,
  },
  {
    sort: 'changed',
    title: 'Last change',
    kind: 'time',
    by: ({ changedAt }) => changedAt ?? '',
    cell: ({ changedAt }) => (changedAt === null ? muted('none') : timeTag(changedAt)),
  },
];

/** None, then ids by their number, then names. */
function sortable(limit: number | string | null): string {
  return typeof limit === 'number' ? String(limit).padStart(16, '0') : (limit ?? '');
}

function triggerAndCaller({ trigger, callers: [caller, ...others] }: ListedRow): Html {
  const isOnlyCaller = caller !== undefined && others.length === 0;
  return html`${trigger}${isOnlyCaller && muted(` by ${caller} only`)}`;
}

function statusDetail({ error, possiblyDuplicatedRanges: ranges }: ListedRow): Html | null {
  if (error !== null) {
    const remedy = error.remedy !== null && html`<br><span class="remedy">${error.remedy}</span>`;
    return html`<p class="detail">${error.message}${remedy}</p>`;
  }
  return ranges && html`<p class="detail">A second one may be among the ids ${rangesText(ranges)}.</p>`;
}

import { type StatusSnapshot, WEBHOOK_STATUSES, type WebhookSnapshot, type WebhookStatus } from './snapshot.js';

/** Columns that the table can be sorted by, in their order on the page. */
export const SORTS = ['name', 'trigger', 'handler', 'limit', 'id', 'status', 'changed'] as const;
export type Sort = (typeof SORTS)[number];

/** What of the webhooks is shown: all of it stands in the URL. */
export interface View {
  /** In name, handler, id or account. Empty: all. */
  readonly text: string;
  readonly status: WebhookStatus | null;
  readonly trigger: string | null;
  readonly account: string | null;
  readonly sort: Sort;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
}

export interface ListedRow extends WebhookSnapshot {
  readonly account: string | null;
}

export interface Listing {
  /** The page that is shown. */
  readonly rows: readonly ListedRow[];
  /** How many pass the filter, and how many there are. */
  readonly found: number;
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

export const ROWS_A_PAGE = 100;
const LONGEST_TEXT_CHARACTERS = 200;
/** What needs attention first. */
const DEFAULT_SORT: Sort = 'status';

/** Whatever the URL says that makes no sense is as if it were left out. */
export function parseView(params: URLSearchParams): View {
  const read = (name: string) => params.get(name)?.trim() || null;
  return {
    text: (read('q') ?? '').slice(0, LONGEST_TEXT_CHARACTERS),
    status: WEBHOOK_STATUSES.find((status) => status === read('status')) ?? null,
    trigger: read('trigger')?.slice(0, LONGEST_TEXT_CHARACTERS) ?? null,
    account: read('account')?.slice(0, LONGEST_TEXT_CHARACTERS) ?? null,
    sort: SORTS.find((sort) => sort === read('sort')) ?? DEFAULT_SORT,
    descending: read('order') === 'desc',
    page: /^[1-9]\d{0,6}$/.test(read('page') ?? '') ? Number(read('page')) : 1,
  };
}

/** The query that shows a view, with what is as usual left out: `?status=failed`. */
export function queryOf(view: View): string {
  const params = new URLSearchParams();
  if (view.text !== '') params.set('q', view.text);
  if (view.status !== null) params.set('status', view.status);
  if (view.trigger !== null) params.set('trigger', view.trigger);
  if (view.account !== null) params.set('account', view.account);
  if (view.sort !== DEFAULT_SORT) params.set('sort', view.sort);
  if (view.descending) params.set('order', 'desc');
  if (view.page !== 1) params.set('page', String(view.page));
  return `?${params.toString()}`;
}

/** Filters, sorts and pages the webhooks of all accounts. A page past the end is the last one. */
export function listRows(snapshot: StatusSnapshot, view: View): Listing {
  const all = snapshot.accounts.flatMap(({ name, webhooks }) => webhooks.map((row) => ({ ...row, account: name })));
  const found = all.filter((row) => matches(row, view));
  const sign = view.descending ? -1 : 1;
  // Of equal ones the name decides: two looks at one state show one order.
  const sorted = found.sort((a, b) => sign * compareBy(view.sort, a, b) || compare(a.name, b.name));
  const pages = Math.max(1, Math.ceil(sorted.length / ROWS_A_PAGE));
  const page = Math.min(view.page, pages);
  const rows = sorted.slice((page - 1) * ROWS_A_PAGE, page * ROWS_A_PAGE);
  return { rows, found: sorted.length, total: all.length, page, pages };
}

function matches(row: ListedRow, { text, status, trigger, account }: View): boolean {
  if (status !== null && row.status !== status) return false;
  if (trigger !== null && row.trigger !== trigger) return false;
  if (account !== null && row.account !== account) return false;
  const wanted = text.toLowerCase();
  const inText = [row.name, row.handler, row.account ?? ''].some((part) => part.toLowerCase().includes(wanted));
  return wanted === '' || inText || String(row.id ?? '') === wanted;
}

function compareBy(sort: Sort, a: ListedRow, b: ListedRow): number {
  switch (sort) {
    case 'name':
      return compare(a.name, b.name);
    case 'trigger':
      return compare(a.trigger, b.trigger);
    case 'handler':
      return compare(a.handler, b.handler);
    case 'limit':
      return compareLimits(a.database, b.database) || compareLimits(a.collection, b.collection);
    case 'id':
      return (a.id ?? 0) - (b.id ?? 0);
    case 'status':
      return WEBHOOK_STATUSES.indexOf(a.status) - WEBHOOK_STATUSES.indexOf(b.status);
    case 'changed':
      return compare(a.changedAt ?? '', b.changedAt ?? '');
  }
}

/** None, then ids, then names. */
function compareLimits(a: number | string | null, b: number | string | null): number {
  if (typeof a === 'string' || typeof b === 'string') return compare(String(a ?? ''), String(b ?? ''));
  return (a ?? 0) - (b ?? 0);
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

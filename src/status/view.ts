import { keysOf, WEBHOOK_STATUSES, type WebhookStatus } from './kinds.js';
import type { StatusSnapshot, WebhookSnapshot } from './snapshot.js';

export interface ListedRow extends WebhookSnapshot {
  readonly account: string | null;
}

/** Which webhooks are shown. The URL contains all of this. */
export interface View {
  /** To find in name, handler, id or account. Empty: all. */
  readonly text: string;
  readonly status: WebhookStatus | null;
  readonly trigger: string | null;
  readonly account: string | null;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
  /** Whether the page reloads itself. */
  readonly refresh: boolean;
}

export interface Listing {
  /** The rows of this page. */
  readonly rows: readonly ListedRow[];
  /** How many match the filter, and how many exist. */
  readonly found: number;
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

export const ROWS_A_PAGE = 100;
export const LONGEST_TEXT_CHARACTERS = 200;
/** Everything, beginning with what needs attention. */
export const USUAL_VIEW: View = {
  text: '',
  status: null,
  trigger: null,
  account: null,
  sort: 'status',
  descending: false,
  page: 1,
  refresh: true,
};

/** The sort keys, by their names in the URL: always texts, by code unit, or always numbers. */
const SORTS = {
  account: ({ account }) => sortable(account),
  name: ({ name }) => sortable(name),
  trigger: ({ trigger }) => trigger,
  handler: ({ handler }) => sortable(handler),
  // None first, then ids by number, then names.
  limit: ({ database, collection }) => `${sortable(database)} ${sortable(collection)}`,
  id: ({ id }) => id ?? 0,
  status: ({ status }) => keysOf(WEBHOOK_STATUSES).indexOf(status),
  changed: ({ changedAt }) => changedAt ?? '',
} as const satisfies Record<string, (row: ListedRow) => string | number>;
export type SortKey = keyof typeof SORTS;

/** So that `hook-9` comes before `hook-10`. Comparing with `Intl.Collator` takes several times as long. */
function sortable(text: number | string | null): string {
  return String(text ?? '').replace(/\d+/g, (digits) => digits.padStart(16, '0'));
}

/** Anything in the URL that makes no sense counts as left out. */
export function parseView(params: URLSearchParams): View {
  const read = (name: string) => params.get(name)?.trim().slice(0, LONGEST_TEXT_CHARACTERS) || null;
  return {
    text: read('q') ?? '',
    status: keysOf(WEBHOOK_STATUSES).find((status) => status === read('status')) ?? null,
    trigger: read('trigger'),
    account: read('account'),
    sort: keysOf(SORTS).find((sort) => sort === read('sort')) ?? USUAL_VIEW.sort,
    descending: read('order') === 'desc',
    page: /^[1-9]\d{0,6}$/.test(read('page') ?? '') ? Number(read('page')) : 1,
    refresh: read('refresh') !== '0',
  };
}

/** The query that shows a view, without usual values: `?status=failed`. */
export function queryOf({ text, status, trigger, account, sort, descending, page, refresh }: View): string {
  const said = {
    ...(text !== '' && { q: text }),
    ...(status && { status }),
    ...(trigger && { trigger }),
    ...(account && { account }),
    ...(sort !== USUAL_VIEW.sort && { sort }),
    ...(descending && { order: 'desc' }),
    ...(page !== 1 && { page: String(page) }),
    ...(!refresh && { refresh: '0' }),
  };
  return `?${new URLSearchParams(said).toString()}`;
}

/** Filters, sorts and pages the webhooks of all accounts. A page past the end means the last one. */
export function listRows(snapshot: StatusSnapshot, view: View): Listing {
  const all = snapshot.accounts.flatMap(({ name, webhooks }) => webhooks.map((row) => ({ ...row, account: name })));
  const by = SORTS[view.sort];
  const sign = view.descending ? -1 : 1;
  // Among equals the name decides, so that the order is always the same.
  const found = all
    .filter((row) => matches(row, view))
    .map((row) => ({ row, key: by(row), name: sortable(row.name) }))
    .sort((a, b) => sign * compare(a.key, b.key) || compare(a.name, b.name));
  const pages = Math.max(1, Math.ceil(found.length / ROWS_A_PAGE));
  const page = Math.min(view.page, pages);
  const rows = found.slice((page - 1) * ROWS_A_PAGE, page * ROWS_A_PAGE).map(({ row }) => row);
  return { rows, found: found.length, total: all.length, page, pages };
}

function matches(row: ListedRow, { text, status, trigger, account }: View): boolean {
  if (status !== null && row.status !== status) return false;
  if (trigger !== null && row.trigger !== trigger) return false;
  if (account !== null && row.account !== account) return false;
  const wanted = text.toLowerCase();
  const texts = [row.name, row.handler, row.account ?? ''];
  return String(row.id) === wanted || texts.some((part) => part.toLowerCase().includes(wanted));
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

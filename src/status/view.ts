import { keysOf, WEBHOOK_STATUSES, type WebhookStatus } from './kinds.js';
import type { StatusSnapshot, WebhookSnapshot } from './snapshot.js';

export interface ListedRow extends WebhookSnapshot {
  readonly account: string | null;
}

/** What of the webhooks is shown: all of it stands in the URL. */
export interface View {
  /** In name, handler, id or account. Empty: all. */
  readonly text: string;
  readonly status: WebhookStatus | null;
  readonly trigger: string | null;
  readonly account: string | null;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
  /** Whether the page asks for itself again. */
  readonly refresh: boolean;
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
export const LONGEST_TEXT_CHARACTERS = 200;
/** All, and what needs attention first. */
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

/** What rows are sorted by, as the URL calls it: always texts, by code unit, or always numbers. */
const SORTS = {
  account: ({ account }) => sortable(account),
  name: ({ name }) => sortable(name),
  trigger: ({ trigger }) => trigger,
  handler: ({ handler }) => sortable(handler),
  // None, then ids by their number, then names.
  limit: ({ database, collection }) => `${sortable(database)} ${sortable(collection)}`,
  id: ({ id }) => id ?? 0,
  status: ({ status }) => keysOf(WEBHOOK_STATUSES).indexOf(status),
  changed: ({ changedAt }) => changedAt ?? '',
} as const satisfies Record<string, (row: ListedRow) => string | number>;
export type SortKey = keyof typeof SORTS;

/** So that `hook-9` comes before `hook-10`. To compare with `Intl.Collator` takes several times as long. */
function sortable(text: number | string | null): string {
  return String(text ?? '').replace(/\d+/g, (digits) => digits.padStart(16, '0'));
}

/** Whatever the URL says that makes no sense is as if it were left out. */
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

/** The query that shows a view, with what is as usual left out: `?status=failed`. */
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

/** Filters, sorts and pages the webhooks of all accounts. A page past the end is the last one. */
export function listRows(snapshot: StatusSnapshot, view: View): Listing {
  const all = snapshot.accounts.flatMap(({ name, webhooks }) => webhooks.map((row) => ({ ...row, account: name })));
  const by = SORTS[view.sort];
  const sign = view.descending ? -1 : 1;
  // Of equal ones the name decides: two looks at one state show one order.
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

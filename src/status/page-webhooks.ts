import { rangesText } from '../state/ranges.js';
import { numberText } from '../text/words.js';
import { type Html, html } from './html.js';
import { keysOf, WEBHOOK_STATUSES } from './kinds.js';
import { badge, type Column, muted, table, timeTag } from './parts.js';
import type { StatusSnapshot } from './snapshot.js';
import {
  type ListedRow,
  type Listing,
  LONGEST_TEXT_CHARACTERS,
  listRows,
  queryOf,
  ROWS_A_PAGE,
  type SortKey,
  USUAL_VIEW,
  type View,
} from './view.js';

/** The filter, and one page of the table. */
export function webhooksSection(snapshot: StatusSnapshot, view: View): Html {
  const listing = listRows(snapshot, view);
  const { found, total, pages } = listing;
  const several = snapshot.accounts.length > 1;
  const none = html`<p class="muted">None of ${numberText(total)} match this filter.</p>`;
  const shown = html`${filterForm(snapshot, view, several)}
${found === 0 ? none : webhooksTable(view, listing, several)}
${pages > 1 && paging(view, listing)}`;
  return html`<section id="webhooks" aria-labelledby="webhooks-title" tabindex="-1">
<h2 id="webhooks-title">Webhooks</h2>
${total === 0 ? html`<p class="muted">${emptyText(snapshot)}</p>` : shown}
</section>`;
}

/** A link to this view of the table. */
export function linkTo(view: View): string {
  return `${queryOf(view)}#webhooks`;
}

function emptyText({ accounts }: StatusSnapshot): string {
  const isStarting = accounts.some(({ health }) => health.kind === 'starting');
  if (isStarting) return 'The manifest is being read for the first time.';
  if (accounts.some(({ manifest }) => !manifest.valid)) return 'There are none to show until the manifest is valid.';
  const file = accounts[0]?.manifest.file ?? 'webhooks.yaml';
  return `The manifest has no entries yet. Add the first one to ${file}: it is picked up automatically.`;
}

function filterForm(snapshot: StatusSnapshot, view: View, several: boolean): Html {
  const { text, status, trigger, account, sort, descending, refresh } = view;
  const triggers = new Set(snapshot.accounts.flatMap(({ webhooks }) => webhooks.map((webhook) => webhook.trigger)));
  const accounts = snapshot.accounts.flatMap(({ name }) => name ?? []);
  const statuses = keysOf(WEBHOOK_STATUSES).map((each) => [each, WEBHOOK_STATUSES[each][1]] as const);
  const most = LONGEST_TEXT_CHARACTERS;
  return html`<form method="get" action="#webhooks" role="search" aria-label="Filter the webhooks">
<label>Text <input type="search" name="q" value="${text}" maxlength="${most}" placeholder="name, handler or id"></label>
${select('Status', status, statuses)}
${select('Trigger', trigger, sameText([...triggers].sort()))}
${several && select('Account', account, sameText(accounts))}
${sort !== USUAL_VIEW.sort && html`<input type="hidden" name="sort" value="${sort}">`}
${descending && html`<input type="hidden" name="order" value="desc">`}
${!refresh && html`<input type="hidden" name="refresh" value="0">`}
<button>Filter</button> <a href="${linkTo({ ...USUAL_VIEW, refresh })}">Show all</a>
</form>`;
}

const sameText = (values: readonly string[]) => values.map((value) => [value, value] as const);

function select(title: string, chosen: string | null, options: readonly (readonly [value: string, text: string])[]) {
  const tags = options.map(([value, text]) => {
    return html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`;
  });
  const name = title.toLowerCase();
  return html`<label>${title} <select name="${name}"><option value="">any</option>${tags}</select></label>`;
}

interface WebhookColumn extends Column<ListedRow> {
  readonly sort: SortKey;
}

const COLUMNS: readonly WebhookColumn[] = [
  { sort: 'account', title: 'Account', cell: ({ account }) => account ?? '' },
  { sort: 'name', title: 'Name', kind: 'head', cell: ({ name }) => name },
  // If a telephone has room for two columns, these are the most useful.
  { sort: 'status', title: 'Status', cell: statusCell },
  { sort: 'trigger', title: 'Trigger', cell: triggerAndCaller },
  { sort: 'handler', title: 'Handler', cell: ({ handler }) => html`<code>${handler}</code>` },
  {
    sort: 'limit',
    title: 'Database / collection',
    cell: ({ database, collection }) =>
      database === null && collection === null
        ? muted('any')
        : [database ?? 'any', collection].filter((part) => part !== null).join(' / '),
  },
  { sort: 'id', title: 'Id', kind: 'number', cell: ({ id }) => (id === null ? muted('none yet') : String(id)) },
  {
    sort: 'changed',
    title: 'Last change',
    kind: 'time',
    cell: ({ changedAt }) => (changedAt === null ? muted('none') : timeTag(changedAt)),
  },
];

function triggerAndCaller({ trigger, callers: [caller, ...others] }: ListedRow): Html {
  const isOnlyCaller = caller !== undefined && others.length === 0;
  return html`${trigger}${isOnlyCaller && muted(` by ${caller} only`)}`;
}

function statusCell({ status, error, possiblyDuplicatedRanges: ranges }: ListedRow): Html {
  const double = ranges && `A second one may be among the ids ${rangesText(ranges)}.`;
  const detail = error?.message ?? double;
  const remedy = error?.remedy ?? null;
  return html`${badge(WEBHOOK_STATUSES[status])}${detail && html`<p class="detail">${detail}</p>`}${
    remedy && html`<p class="detail muted">${remedy}</p>`
  }`;
}

function webhooksTable(view: View, { page, rows, found, total }: Listing, several: boolean): Html {
  const before = (page - 1) * ROWS_A_PAGE;
  const range = `${numberText(before + 1)} to ${numberText(before + rows.length)} of ${numberText(found)}`;
  return table<ListedRow, WebhookColumn>({
    name: 'webhooks',
    caption: `Webhooks ${range}${found === total ? '' : `, out of ${numberText(total)}`}`,
    columns: several ? COLUMNS : COLUMNS.slice(1),
    rows,
    head: (column) => sortingHead(column, view),
  });
}

/** A link that sorts by the column, or reverses the order if it is already sorted by it. */
function sortingHead({ title, sort }: WebhookColumn, view: View): Html {
  const isCurrent = view.sort === sort;
  const order = view.descending ? 'descending' : 'ascending';
  const arrow = html` <span aria-hidden="true">${view.descending ? '↓' : '↑'}</span>`;
  const link = linkTo({ ...view, sort, descending: isCurrent && !view.descending, page: 1 });
  const content = html`<a href="${link}">${title}${isCurrent && arrow}</a>`;
  return html`<th scope="col"${isCurrent && html` aria-sort="${order}"`}>${content}</th>`;
}

function paging(view: View, { page, pages }: Listing): Html {
  const link = (to: number, text: string) => html`<a href="${linkTo({ ...view, page: to })}">${text}</a>`;
  return html`<nav class="paging" aria-label="Pages of webhooks">
${page > 1 && link(page - 1, 'Previous')}
<span aria-current="page">Page ${numberText(page)} of ${numberText(pages)}</span>
${page < pages && link(page + 1, 'Next')}
</nav>`;
}

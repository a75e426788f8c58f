import { numberText } from '../text/words.js';
import { type ListedRow, WEBHOOK_COLUMNS, type WebhookColumn } from './columns.js';
import { type Html, html } from './html.js';
import { keysOf, WEBHOOK_STATUSES } from './kinds.js';
import { columnHead, table } from './page-parts.js';
import type { StatusSnapshot } from './snapshot.js';
import {
  type Listing,
  LONGEST_TEXT_CHARACTERS,
  listRows,
  queryOf,
  ROWS_A_PAGE,
  USUAL_VIEW,
  type View,
} from './view.js';

/** The filter and the table, of which one page is shown. */
export function webhooksSection(snapshot: StatusSnapshot, view: View): Html {
  const listing = listRows(snapshot, view);
  const shown =
    listing.total === 0 ? html`<p class="empty">${emptyText(snapshot)}</p>` : filled(snapshot, view, listing);
  return html`<section id="webhooks" aria-labelledby="webhooks-title" tabindex="-1">
<h2 id="webhooks-title">Webhooks</h2>
${shown}
</section>`;
}

/** Shows that view of the table. */
export function linkTo(view: View): string {
  return `${queryOf(view)}#webhooks`;
}

function emptyText({ accounts }: StatusSnapshot): string {
  const isStarting = accounts.some(({ health }) => health.kind === 'starting');
  if (isStarting) return 'The manifest is being read for the first time.';
  if (accounts.some(({ manifest }) => !manifest.valid)) return 'There are none to show until the manifest is valid.';
  const file = accounts[0]?.manifest.file ?? 'webhooks.yaml';
  return `The manifest asks for none yet. Write the first into ${file}: it is noticed by itself.`;
}

function filled(snapshot: StatusSnapshot, view: View, listing: Listing): Html {
  const { found, total, pages } = listing;
  const showAll = html`<a href="?#webhooks">Show all</a>`;
  const none = html`<p class="empty">None of ${numberText(total)} passes this filter. ${showAll}</p>`;
  const several = snapshot.accounts.length > 1;
  return html`${filterForm(snapshot, view, several)}
${found === 0 ? none : webhooksTable(view, listing, several)}
${pages > 1 && paging(view, listing)}`;
}

function filterForm(snapshot: StatusSnapshot, view: View, several: boolean): Html {
  const { text, status, trigger, account, sort, descending } = view;
  const triggers = new Set(snapshot.accounts.flatMap(({ webhooks }) => webhooks.map((webhook) => webhook.trigger)));
  const accounts = snapshot.accounts.flatMap(({ name }) => name ?? []);
  const filtered = text !== '' || status !== null || trigger !== null || account !== null;
  const most = LONGEST_TEXT_CHARACTERS;
  return html`<form method="get" action="#webhooks" role="search" aria-label="Filter the webhooks">
<label>Text <input type="search" name="q" value="${text}" maxlength="${most}" placeholder="name, handler or id"></label>
${select('Status', status, keysOf(WEBHOOK_STATUSES), (each) => WEBHOOK_STATUSES[each][1])}
${select('Trigger', trigger, [...triggers].sort())}
${several && select('Account', account, accounts)}
${sort !== USUAL_VIEW.sort && html`<input type="hidden" name="sort" value="${sort}">`}
${descending && html`<input type="hidden" name="order" value="desc">`}
<button>Filter</button>
${filtered && html`<a class="clear" href="?#webhooks">Show all</a>`}
</form>`;
}

function select<T extends string>(
  title: string,
  chosen: string | null,
  values: readonly T[],
  text: (value: T) => string = (value) => value,
): Html {
  const options = values.map((value) =>
    value === chosen
      ? html`<option value="${value}" selected>${text(value)}</option>`
      : html`<option value="${value}">${text(value)}</option>`,
  );
  const name = title.toLowerCase();
  return html`<label>${title} <select name="${name}"><option value="">any</option>${options}</select></label>`;
}

function webhooksTable(view: View, { page, rows, found, total }: Listing, several: boolean): Html {
  const before = (page - 1) * ROWS_A_PAGE;
  const range = `${numberText(before + 1)} to ${numberText(before + rows.length)} of ${numberText(found)}`;
  return table<ListedRow, WebhookColumn>({
    name: 'webhooks',
    caption: `Webhooks ${range}${found === total ? '' : `, out of ${numberText(total)}`}`,
    columns: several ? WEBHOOK_COLUMNS : WEBHOOK_COLUMNS.filter(({ sort }) => sort !== 'account'),
    rows,
    head: (column) => sortingHead(column, view),
  });
}

/** A link that sorts by the column; by the one that it is sorted by, the other way round. */
function sortingHead({ title, sort }: WebhookColumn, view: View): Html {
  const isCurrent = view.sort === sort;
  const arrow = isCurrent ? (view.descending ? '↓' : '↑') : '';
  const link = linkTo({ ...view, sort, descending: isCurrent && !view.descending, page: 1 });
  const content = html`<a href="${link}">${title}<span class="arrow" aria-hidden="true">${arrow}</span></a>`;
  return columnHead(content, isCurrent ? (view.descending ? 'descending' : 'ascending') : null);
}

function paging(view: View, { page, pages }: Listing): Html {
  const link = (to: number, text: string, rel: string) =>
    html`<a rel="${rel}" href="${linkTo({ ...view, page: to })}">${text}</a> `;
  return html`<nav class="paging" aria-label="Pages of webhooks">
${page > 1 && [link(1, 'First', 'first'), link(page - 1, 'Previous', 'prev')]}
<span aria-current="page">Page ${numberText(page)} of ${numberText(pages)}</span>
${page < pages && [link(page + 1, 'Next', 'next'), link(pages, 'Last', 'last')]}
</nav>`;
}

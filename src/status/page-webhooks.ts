import { rangesText } from '../state/ranges.js';
import { type Html, html } from './html.js';
import { badge, WEBHOOK_SEVERITY } from './severity.js';
import { type StatusSnapshot, WEBHOOK_STATUSES, type WebhookStatus } from './snapshot.js';
import { numberText, timeTag } from './time-text.js';
import { type ListedRow, type Listing, listRows, queryOf, ROWS_A_PAGE, SORTS, type Sort, type View } from './view.js';

const COLUMN_TITLES: Readonly<Record<Sort, string>> = {
  name: 'Name',
  trigger: 'Trigger',
  handler: 'Handler',
  limit: 'Database / collection',
  id: 'Id',
  status: 'Status',
  changed: 'Last change',
};

const STATUS_TEXTS: Readonly<Record<WebhookStatus, string>> = {
  failed: 'Failed',
  uncertain: 'Uncertain',
  'possibly-duplicated': 'Possibly twice',
  pending: 'Pending',
  deleting: 'Deleting',
  orphaned: 'Orphaned',
  created: 'Created',
};

/** The filter and the table, of which one page is shown. */
export function webhooksSection(snapshot: StatusSnapshot, view: View): Html {
  const listing = listRows(snapshot, view);
  const several = snapshot.accounts.length > 1;
  return html`<section id="webhooks" aria-labelledby="webhooks-title" tabindex="-1">
<h2 id="webhooks-title">Webhooks</h2>
${listing.total === 0 ? html`<p class="empty">${emptyText(snapshot)}</p>` : filled(snapshot, view, listing, several)}
</section>`;
}

function emptyText({ accounts }: StatusSnapshot): string {
  if (accounts.some(({ health }) => health.kind === 'starting'))
    return 'The manifest is being read for the first time.';
  if (accounts.some(({ manifest }) => !manifest.valid)) return 'There are none to show until the manifest is valid.';
  const file = accounts[0]?.manifest.file ?? 'webhooks.yaml';
  return `The manifest asks for none yet. Write the first into ${file}: it is noticed by itself.`;
}

function filled(snapshot: StatusSnapshot, view: View, listing: Listing, several: boolean): Html {
  return html`${filterForm(snapshot, view, several)}
${listing.found === 0 ? html`<p class="empty">None of ${numberText(listing.total)} passes this filter. <a href="?#webhooks">Show all</a></p>` : table(view, listing, several)}
${listing.pages > 1 && paging(view, listing)}`;
}

function filterForm(snapshot: StatusSnapshot, view: View, several: boolean): Html {
  const triggers = [...new Set(snapshot.accounts.flatMap(({ webhooks }) => webhooks.map(({ trigger }) => trigger)))];
  const accounts = snapshot.accounts.flatMap(({ name }) => name ?? []);
  const filtered = view.text !== '' || view.status !== null || view.trigger !== null || view.account !== null;
  return html`<form method="get" action="#webhooks" role="search" aria-label="Filter the webhooks">
<label>Text <input type="search" name="q" value="${view.text}" maxlength="200" placeholder="name, handler or id"></label>
${select('Status', 'status', view.status, WEBHOOK_STATUSES, (status) => STATUS_TEXTS[status])}
${select('Trigger', 'trigger', view.trigger, triggers.sort(), (trigger) => trigger)}
${several && select('Account', 'account', view.account, accounts, (account) => account)}
${view.sort !== 'status' && html`<input type="hidden" name="sort" value="${view.sort}">`}
${view.descending && html`<input type="hidden" name="order" value="desc">`}
<button>Filter</button>
${filtered && html`<a class="clear" href="?#webhooks">Show all</a>`}
</form>`;
}

function select<T extends string>(
  title: string,
  name: string,
  chosen: string | null,
  values: readonly T[],
  text: (value: T) => string,
): Html {
  const options = values.map((value) =>
    value === chosen
      ? html`<option value="${value}" selected>${text(value)}</option>`
      : html`<option value="${value}">${text(value)}</option>`,
  );
  return html`<label>${title} <select name="${name}"><option value="">any</option>${options}</select></label>`;
}

function table(view: View, listing: Listing, several: boolean): Html {
  const first = (listing.page - 1) * ROWS_A_PAGE + 1;
  const range = `${numberText(first)} to ${numberText(first + listing.rows.length - 1)} of ${numberText(listing.found)}`;
  const outOf = listing.found === listing.total ? '' : `, out of ${numberText(listing.total)}`;
  // The roles are those that the elements have anyway: where rows become cards, browsers would forget them.
  return html`<table role="table" class="webhooks">
<caption>Webhooks ${range}${outOf}</caption>
<thead role="rowgroup"><tr role="row">${several && html`<th role="columnheader" scope="col">Account</th>`}${SORTS.map((sort) => columnHead(sort, view))}</tr></thead>
<tbody role="rowgroup">
${listing.rows.map((row) => bodyRow(row, several))}
</tbody>
</table>`;
}

function columnHead(sort: Sort, view: View): Html {
  const current = view.sort === sort;
  const link = `${queryOf({ ...view, sort, descending: current && !view.descending, page: 1 })}#webhooks`;
  const title = html`<a href="${link}">${COLUMN_TITLES[sort]}<span class="arrow" aria-hidden="true">${current ? (view.descending ? '↓' : '↑') : ''}</span></a>`;
  if (!current) return html`<th role="columnheader" scope="col">${title}</th>`;
  const direction = view.descending ? 'descending' : 'ascending';
  return html`<th role="columnheader" scope="col" aria-sort="${direction}">${title}</th>`;
}

function bodyRow(row: ListedRow, several: boolean): Html {
  const limits = row.database === null ? null : [row.database, row.collection].filter((id) => id !== null).join(' / ');
  const callers = row.callers.length === 1 && html`<span class="muted"> by ${row.callers[0] ?? ''} only</span>`;
  return html`<tr role="row">${several && cell('Account', html`${row.account ?? ''}`)}<th role="rowheader" scope="row">${row.name}</th>
${cell('Trigger', html`<div>${row.trigger}${callers}</div>`)}
${cell('Handler', html`<code>${row.handler}</code>`)}
${cell('Database / collection', limits === null ? nothing('any') : html`${limits}`)}
${cell('Id', row.id === null ? nothing('none yet') : html`${row.id}`, 'number')}
${cell('Status', html`<div>${badge(WEBHOOK_SEVERITY[row.status], STATUS_TEXTS[row.status])}${errorText(row)}</div>`)}
${cell('Last change', row.changedAt === null ? nothing('none') : timeTag(row.changedAt), 'time')}</tr>
`;
}

function cell(title: string, content: Html, kind: '' | 'number' | 'time' = ''): Html {
  return html`<td role="cell" data-title="${title}" class="${kind}">${content}</td>`;
}

function nothing(text: string): Html {
  return html`<span class="muted">${text}</span>`;
}

function errorText({ error, possiblyDuplicatedRanges: ranges }: ListedRow): Html | null {
  if (error !== null) {
    return html`<p class="error">${error.message}${error.remedy !== null && html`<br><span class="remedy">${error.remedy}</span>`}</p>`;
  }
  if (ranges === null) return null;
  return html`<p class="error">A second one may be among the ids ${rangesText(ranges)}.</p>`;
}

function paging(view: View, { page, pages }: Listing): Html {
  const link = (to: number, text: string, rel: string) =>
    html`<a rel="${rel}" href="${`${queryOf({ ...view, page: to })}#webhooks`}">${text}</a> `;
  return html`<nav class="paging" aria-label="Pages of webhooks">
${page > 1 && link(1, 'First', 'first')}${page > 1 && link(page - 1, 'Previous', 'prev')}
<span aria-current="page">Page ${numberText(page)} of ${numberText(pages)}</span>
${page < pages && link(page + 1, 'Next', 'next')}${page < pages && link(pages, 'Last', 'last')}
</nav>`;
}

import { type Html, html, raw } from './html.js';
import type { Look, Severity } from './kinds.js';

const SIGNS: Readonly<Record<Severity, string>> = {
  ok: '<path d="M4.5 8.4l2.3 2.3 4.7-5"/>',
  busy: '<path d="M8 4.6V8l2.3 1.5"/>',
  note: '<path d="M8 7.4v3.8M8 4.8v.1"/>',
  warning: '<path d="M8 4.6v4M8 11.2v.1"/>',
  error: '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>',
};

/** A round sign; the word beside it says the same, so it is nothing to a screen reader. */
export function sign(severity: Severity): Html {
  const drawing = html`<circle cx="8" cy="8" r="8"/>${raw(SIGNS[severity])}`;
  return html`<svg class="sign ${severity}" viewBox="0 0 16 16" aria-hidden="true">${drawing}</svg>`;
}

export function badge([severity, text]: Look): Html {
  return html`<span class="badge ${severity}">${sign(severity)}${text}</span>`;
}

/** `2026-11-23 10:00:05` in UTC. */
export function timeTag(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

/** What stands where there is nothing to show. */
export function muted(text: string): Html {
  return html`<span class="muted">${text}</span>`;
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Html | string;
  /** `head`: it names the row. */
  readonly kind?: 'head' | 'number' | 'time';
}

interface Table<Row, Shown extends Column<Row>> {
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly Shown[];
  readonly rows: readonly Row[];
  readonly head?: (column: Shown) => Html;
}

/** On small screens rows become cards, and browsers forget what the elements are: so their roles are named. */
export function table<Row, Shown extends Column<Row>>(shown: Table<Row, Shown>): Html {
  const { name, caption, columns, rows, head = ({ title }) => columnHead(title) } = shown;
  return html`<table role="table" class="${name}">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(head)}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${columns.map((column) => cell(column, row))}</tr>\n`)}
</tbody>
</table>`;
}

export function columnHead(title: Html | string, order: 'ascending' | 'descending' | null = null): Html {
  if (order === null) return html`<th role="columnheader" scope="col">${title}</th>`;
  return html`<th role="columnheader" scope="col" aria-sort="${order}">${title}</th>`;
}

function cell<Row>({ title, cell, kind }: Column<Row>, row: Row): Html {
  if (kind === 'head') return html`<th role="rowheader" scope="row">${cell(row)}</th>`;
  // One element: on small screens a cell is a grid of its title and this.
  return html`<td role="cell" data-title="${title}" class="${kind ?? ''}"><div>${cell(row)}</div></td>`;
}

import { type Html, html } from './html.js';
import type { Look, Severity } from './kinds.js';

const SIGNS: Readonly<Record<Severity, string>> = { ok: '✓', busy: '…', note: 'i', warning: '!', error: '✕' };

/** The words beside it say the same, so screen readers skip it. */
export function sign(severity: Severity): Html {
  return html`<span class="sign ${severity}" aria-hidden="true">${SIGNS[severity]}</span>`;
}

export function badge([severity, text]: Look): Html {
  return html`<span class="badge ${severity}">${sign(severity)}${text}</span>`;
}

/** `2026-11-23 10:00:05` in UTC. */
export function timeTag(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

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

/** A table that is too wide can be scrolled, with the keyboard, too. */
export function table<Row, Shown extends Column<Row>>(shown: Table<Row, Shown>): Html {
  const { name, caption, columns, rows, head = ({ title }) => html`<th scope="col">${title}</th>` } = shown;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="${name}">
<caption>${caption}</caption>
<thead><tr>${columns.map(head)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${columns.map((column) => cellTag(column, row))}</tr>\n`)}
</tbody>
</table></div>`;
}

function cellTag<Row>({ cell, kind }: Column<Row>, row: Row): Html {
  if (kind === 'head') return html`<th scope="row">${cell(row)}</th>`;
  return html`<td class="${kind ?? ''}">${cell(row)}</td>`;
}

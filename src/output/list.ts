import { byNameThenId } from '../plan/plan.js';
import { candidatesOf } from '../recovery/duplicates.js';
import { hull, rangesText } from '../state/ranges.js';
import type { IdRange, State } from '../state/state.js';
import { printable } from '../text/printable.js';
import { columns, padColumns } from '../text/width.js';
import { shownFields, type WebhookSpec } from '../webhook.js';
import { painter, type Style } from './paint.js';
import { describeSpec } from './plan-text.js';
import { columnWidth } from './table.js';

/** One row of `list --json`. */
export interface ListedWebhook {
  readonly name: string;
  readonly id: number | null;
  readonly status: 'created' | 'uncertain' | 'deleting';
  readonly possiblyDuplicated?: true;
  /** From the first to the last of the ids among which a second one may be, both included. */
  readonly possiblyDuplicatedRange?: IdRange;
  /** The same without the ids in between that were ruled out. */
  readonly possiblyDuplicatedRanges?: readonly IdRange[];
  /** For an uncertain create: webhooks, as last seen, of which one may be it. */
  readonly candidates?: readonly number[];
  /** Never replaced and never deleted. */
  readonly protected?: true;
  /** As in the file; masked if that is unknown. */
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  readonly database: number | null;
  readonly collection: number | null;
  readonly createdAt: string | null;
}

/** The content of the state, by name: webhooks that exist, and POSTs whose outcome nobody knows. */
export function listJson(state: State | null): ListedWebhook[] {
  if (state === null) return [];
  const uncertain = new Set([...state.intents.values()].map((intent) => intent.name));
  const entries = [...state.entries.values()].map(
    (entry): ListedWebhook => ({
      name: entry.name,
      id: entry.id,
      status: uncertain.has(entry.name) ? 'uncertain' : 'created',
      ...mark(state, entry.name),
      ...candidates(state, entry.name),
      ...(entry.isProtected ? { protected: true } : {}),
      ...shownFields(entry),
      createdAt: entry.createdAt,
    }),
  );
  // Several may have been sent for one entry: the last one has its latest form.
  const lastOf = new Map([...state.intents.values()].map((intent) => [intent.name, intent]));
  const lost = [...lastOf.values()]
    .filter(({ name }) => !state.entries.has(name))
    .map(
      (intent): ListedWebhook => ({
        name: intent.name,
        id: null,
        status: 'uncertain',
        ...mark(state, intent.name),
        ...candidates(state, intent.name),
        ...shownFields(intent),
        createdAt: null,
      }),
    );
  const pending = [...state.pendingDeletes.values()].map(
    (webhook): ListedWebhook => ({
      name: webhook.name,
      id: webhook.id,
      status: 'deleting',
      ...shownFields(webhook),
      createdAt: null,
    }),
  );
  return [...entries, ...lost, ...pending].sort(byNameThenId);
}

function mark(state: State, name: string): Partial<ListedWebhook> {
  const ranges = state.possiblyDuplicated.get(name);
  if (ranges === undefined) return {};
  return { possiblyDuplicated: true, possiblyDuplicatedRange: hull(ranges), possiblyDuplicatedRanges: ranges };
}

function candidates(state: State, name: string): Pick<ListedWebhook, 'candidates'> {
  const ids = candidatesOf(state, name);
  return ids.length === 0 ? {} : { candidates: ids };
}

/** In columns with a header, for people. `columns`: width of the terminal; left out: it is none. */
export function formatList(
  state: State | null,
  options: { readonly color: boolean; readonly file: string; readonly columns?: number | undefined },
): string {
  if (state === null) return `no state at ${printable(options.file)} yet: nothing has been created\n`;
  const paint = painter(options.color);
  const listed = listJson(state);
  if (listed.length === 0) return `account ${printable(state.account)}: no webhooks\n`;
  const rows = listed.map(rowOf);
  const widthOf = (key: keyof Row) => Math.max(HEADER[key].length, columnWidth(rows.map((row) => row[key])));
  const widths = { name: widthOf('name'), id: widthOf('id'), status: widthOf('status') };
  const cells = ({ name, id, status }: Row, style?: Style) => {
    const shown = padColumns(status, widths.status);
    return `${padColumns(name, widths.name)}  ${id.padStart(widths.id)}  ${style ? paint(style, shown) : shown}`;
  };
  const lines = rows.map((row) => {
    const { status, webhook } = row;
    // Otherwise the terminal would break the line anywhere.
    const fits = columns(`${cells(row)}  ${webhook}`) <= (options.columns ?? Number.POSITIVE_INFINITY);
    return `${cells(row, status === CREATED ? 'green' : 'yellow')}${fits ? '  ' : '\n    '}${webhook}`;
  });
  return `${[paint('bold', `${cells(HEADER)}  ${HEADER.webhook}`), ...lines].join('\n')}\n`;
}

interface Row {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly webhook: string;
}

const HEADER: Row = { name: 'NAME', id: 'ID', status: 'STATUS', webhook: 'WEBHOOK' };
const CREATED = 'created' satisfies ListedWebhook['status'];

function rowOf(listed: ListedWebhook): Row {
  const {
    name,
    id,
    database,
    collection,
    handler,
    candidates: ids,
    possiblyDuplicatedRanges: ranges,
    ...rest
  } = listed;
  const scopes = { ...(database === null ? {} : { database }), ...(collection === null ? {} : { collection }) };
  const note = ranges === undefined ? '' : ` possibly duplicated (ids ${rangesText(ranges)})`;
  const may = ids === undefined ? '' : ` (perhaps ${ids.join(' or ')})`;
  return {
    name: printable(name),
    id: String(id ?? '-'),
    status: `${listed.status}${may}${note}`,
    webhook: describeSpec(handler, { ...rest, ...scopes } as Omit<WebhookSpec, 'handler'>),
  };
}

import { byNameThenId } from '../plan/plan.js';
import { candidatesOf } from '../recovery/duplicates.js';
import { hull, rangesText } from '../state/ranges.js';
import type { IdRange, State } from '../state/state.js';
import { printable } from '../text/printable.js';
import { CALLERS, type HandlerAsWritten, shownHandler, type WebhookSpec } from '../webhook.js';
import { painter } from './paint.js';
import { describeSpec, NAMES_WIDTH } from './plan-text.js';

/** One row of `list --json`. */
export interface ListedWebhook {
  readonly name: string;
  readonly id: number | null;
  readonly status: 'created' | 'uncertain' | 'deleting';
  readonly possiblyDuplicated?: true;
  /** Both ends included: from the first to the last of the ids among which a second one may be. */
  readonly possiblyDuplicatedRange?: IdRange;
  /** The same without the ids between that were ruled out. */
  readonly possiblyDuplicatedRanges?: readonly IdRange[];
  /** Of an uncertain create: webhooks of which one may be it, as was last seen. */
  readonly candidates?: readonly number[];
  /** Never replaced and never deleted. */
  readonly protected?: true;
  /** As the file writes it; masked where that is not known. */
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  readonly database: number | null;
  readonly collection: number | null;
  readonly createdAt: string | null;
}

/** What the state holds, by name: webhooks that exist, and POSTs that nobody knows the outcome of. */
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
      ...fields(entry),
      createdAt: entry.createdAt,
    }),
  );
  // Several may have been sent for one entry: the last is what it is to be.
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
        ...fields(intent),
        createdAt: null,
      }),
    );
  const pending = [...state.pendingDeletes.values()].map(
    (webhook): ListedWebhook => ({
      name: webhook.name,
      id: webhook.id,
      status: 'deleting',
      ...fields(webhook),
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

function fields(webhook: HandlerAsWritten & { readonly spec: WebhookSpec }) {
  const { spec } = webhook;
  return {
    handler: shownHandler(webhook),
    trigger: spec.trigger,
    callers: spec.callers === undefined ? CALLERS : [...new Set(spec.callers)].sort(),
    database: spec.database ?? null,
    collection: spec.collection ?? null,
  };
}

/** The same for people. */
export function formatList(state: State | null, options: { readonly color: boolean; readonly file: string }): string {
  if (state === null) return `no state file ${printable(options.file)} yet: nothing has been made\n`;
  const paint = painter(options.color);
  const rows = listJson(state);
  if (rows.length === 0) return `account ${printable(state.account)}: no webhooks\n`;
  const width = Math.min(NAMES_WIDTH.most, Math.max(NAMES_WIDTH.least, ...rows.map((row) => row.name.length)));
  const body = rows.map((row) => {
    const { database, collection, handler, ...rest } = row;
    const limits = { ...(database === null ? {} : { database }), ...(collection === null ? {} : { collection }) };
    const { possiblyDuplicatedRanges: ranges, candidates } = row;
    const note = ranges === undefined ? '' : ` possibly duplicated (ids ${rangesText(ranges)})`;
    const may = candidates === undefined ? '' : ` (perhaps ${candidates.join(' or ')})`;
    const status = paint(
      row.status === 'created' && note === '' ? 'green' : 'yellow',
      `${row.status}${may}${note}`.padEnd(9),
    );
    const spec = describeSpec(handler, { ...rest, ...limits } as Omit<WebhookSpec, 'handler'>);
    return `${printable(row.name).padEnd(width)}  ${String(row.id ?? '-').padStart(8)}  ${status}  ${spec}`;
  });
  return `${body.join('\n')}\n`;
}

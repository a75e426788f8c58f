import { type Change, idOf, lineOf } from '../plan/change.js';
import { type LimitNames, limitKey } from '../plan/names.js';
import { printable } from '../text/printable.js';
import { CALLERS, type Difference, type LimitField, maskHandler, type WebhookSpec } from '../webhook.js';
import { type Paint, painter, type Style } from './paint.js';
import { countActions, planClosing } from './summary.js';

const SIGNS: Readonly<Record<Change['action'], readonly [sign: string, style: Style]>> = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  replace: ['±', 'yellow'],
  move: ['→', 'cyan'],
  delete: ['-', 'red'],
  recover: ['?', 'yellow'],
  none: ['=', 'dim'],
  orphaned: ['!', 'yellow'],
};

/** Names are padded to the longest, within this. */
export const NAMES_WIDTH = { least: 12, most: 48 };

const NO_NAMES: LimitNames = new Map();

/**
 * The plan for people: a line an entry that needs something, how it differs under it, and a summary.
 * Handlers are masked: a query can hold a secret, and plans are pasted into pull requests.
 */
export function formatPlan(
  changes: readonly Change[],
  options: { readonly color: boolean; readonly file: string; readonly names?: LimitNames; readonly unread?: number },
): string {
  const paint = painter(options.color);
  const shown = changes.filter((change) => change.action !== 'none');
  const widest = Math.max(NAMES_WIDTH.least, ...shown.map((change) => change.name.length));
  const width = Math.min(NAMES_WIDTH.most, widest);
  const lines = shown.flatMap((change) => changeLines(change, { width, paint, names: NO_NAMES, ...options }));
  const counts = countActions(changes);
  return `${[...lines, ...(lines.length > 0 ? [''] : []), planClosing(counts, paint, options.unread)].join('\n')}\n`;
}

interface Format {
  readonly width: number;
  readonly file: string;
  readonly names: LimitNames;
  readonly paint: Paint;
}

function changeLines(change: Change, { width, file, names, paint }: Format): string[] {
  const [sign, style] = SIGNS[change.action];
  const line = lineOf(change);
  const place = line === null ? '' : paint('dim', `  (${printable(file)}:${line})`);
  const head = `  ${paint(style, `${sign} ${change.action.padEnd(8)}`)} ${printable(change.name).padEnd(width)}  ${describe(change, names)}${place}`;
  return [head, ...detailLines(change, names).map((detail) => `      ${paint('dim', detail)}`)];
}

function describe(change: Change, names: LimitNames): string {
  switch (change.action) {
    case 'create':
      return describeSpec(change.desired.spec, names);
    case 'update':
      return `${webhookOf(change)}: ${printable(change.reason)}`;
    case 'replace':
      return `${webhookOf(change)}: ${printable(change.reason)}; a new one is made, then this one deleted`;
    case 'move':
      return `${webhookOf(change)}: ${printable(change.reason)}; nothing is sent`;
    case 'delete':
    case 'orphaned':
      return `${webhookOf(change)}: ${printable(change.reason)}`;
    case 'recover':
    case 'none':
      return printable(change.reason);
  }
}

function webhookOf(change: Change): string {
  const id = idOf(change);
  return id === null ? 'the webhook' : `webhook ${id}`;
}

function detailLines(change: Change, names: LimitNames): string[] {
  switch (change.action) {
    case 'create':
      return change.goneId !== null ? [printable(change.reason)] : [];
    case 'update':
    case 'replace':
      return change.differences.map((difference) => describeDifference(difference, names));
    case 'orphaned':
      return ['kept; --prune deletes it, "forget" lets go of it'];
    case 'move':
    case 'delete':
    case 'recover':
    case 'none':
      return [];
  }
}

/** `create → https://host/path (ms; database 1017)` */
export function describeSpec(spec: WebhookSpec, names: LimitNames = NO_NAMES): string {
  const parts = [
    spec.callers === undefined || spec.callers.length === CALLERS.length ? [] : [spec.callers.join(', ')],
    spec.database === undefined ? [] : [`database ${limitText('database', spec.database, names)}`],
    spec.collection === undefined ? [] : [`collection ${limitText('collection', spec.collection, names)}`],
  ].flat();
  const limits = parts.length === 0 ? '' : ` (${parts.join('; ')})`;
  return `${spec.trigger} → ${shownHandler(spec.handler)}${limits}`;
}

/** `Customers (1017)` where the manifest says the name; `Customers` where there is no account to look it up in. */
function limitText(field: LimitField, id: number | string, names: LimitNames): string {
  const name = names.get(limitKey(field, id));
  if (name === undefined) return String(id);
  return Number(id) > 0 ? `${printable(name)} (${id})` : printable(name);
}

/** Masked, and harmless in a terminal: one that was read from the account or a state file may hold anything. */
function shownHandler(handler: string): string {
  return printable(maskHandler(handler));
}

function describeDifference({ field, from, to }: Difference, names: LimitNames): string {
  if (field === 'database' || field === 'collection') {
    const text = (id: string) => (id === '' ? '(none)' : limitText(field, id, names));
    return `${field}: ${text(from)} → ${text(to)}`;
  }
  if (field !== 'handler') return `${field}: ${printable(from)} → ${printable(to)}`;
  const masked = [shownHandler(from), shownHandler(to)];
  const hidden = masked[0] === masked[1] ? ' (they differ in the masked part)' : '';
  return `handler: ${masked[0]} → ${masked[1]}${hidden}`;
}

import { type Change, idOf, isValueChange, placeOf, VALUE_CHANGED } from '../plan/change.js';
import { limitKey, type ScopeNames } from '../plan/names.js';
import { printable } from '../text/printable.js';
import { padColumns } from '../text/width.js';
import { CALLERS, type Difference, type ScopeField, shownHandler, type WebhookSpec } from '../webhook.js';
import { type Paint, painter, type Style } from './paint.js';
import { planClosing } from './summary.js';
import { columnWidth } from './table.js';

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

const NO_NAMES: ScopeNames = new Map();

export interface PlanTextOptions {
  readonly color: boolean;
  readonly names?: ScopeNames;
  readonly unread?: number;
  /** Replaces values of variables in a handler that somebody set in the account. Left out: there are none. */
  readonly hideValues?: (text: string) => string;
}

/** The plan for people: a line for each entry that needs something, its differences below, and a summary. */
export function formatPlan(changes: readonly Change[], options: PlanTextOptions): string {
  const paint = painter(options.color);
  const shown = changes.filter((change) => change.action !== 'none');
  const width = columnWidth(shown.map((change) => printable(change.name)));
  const lines = shown.flatMap((change) => changeLines(change, { ...DEFAULTS, ...options, width, paint }));
  return `${[...lines, ...(lines.length > 0 ? [''] : []), planClosing(changes, paint, options.unread)].join('\n')}\n`;
}

const DEFAULTS = { names: NO_NAMES, hideValues: (text: string) => text };

interface Format extends Pick<Required<PlanTextOptions>, 'names' | 'hideValues'> {
  readonly width: number;
  readonly paint: Paint;
}

function changeLines(change: Change, format: Format): string[] {
  const { width, names, paint } = format;
  const [sign, style] = SIGNS[change.action];
  const at = placeOf(change);
  const place = at === null ? '' : paint('dim', `  (${printable(at.file)}:${at.line})`);
  const head = `  ${paint(style, `${sign} ${change.action.padEnd(8)}`)} ${padColumns(printable(change.name), width)}  ${describe(change, names)}${place}`;
  return [head, ...detailLines(change, format).map((detail) => `      ${paint('dim', detail)}`)];
}

function describe(change: Change, names: ScopeNames): string {
  switch (change.action) {
    case 'create':
      return describeSpec(shownHandler(change.desired), change.desired.spec, names);
    case 'update':
      return `${webhookOf(change)}: ${printable(change.reason)}`;
    case 'replace':
      return `${webhookOf(change)}: ${printable(change.reason)}${change.refused ? '' : REPLACING}`;
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

const REPLACING = '; a new one is made, then this one deleted';

function webhookOf(change: Change): string {
  const id = idOf(change);
  return id === null ? 'the webhook' : `webhook ${id}`;
}

function detailLines(change: Change, format: Format): string[] {
  switch (change.action) {
    case 'create':
      return change.goneId !== null || change.refused !== undefined ? [printable(change.reason)] : [];
    case 'update':
    case 'replace':
      return change.differences.map((difference) => describeDifference(difference, format));
    case 'orphaned':
      if (change.mayBe !== undefined) return ['kept until "import" or "forget" settles that'];
      return ['kept; --prune deletes it, "forget" drops it from the state'];
    case 'move':
    case 'delete':
    case 'recover':
    case 'none':
      return [];
  }
}

/** `create → https://host/path (ms; database 1017)`. `handler`: as it is shown. */
export function describeSpec(
  handler: string,
  spec: Omit<WebhookSpec, 'handler'>,
  names: ScopeNames = NO_NAMES,
): string {
  const parts = [
    spec.callers === undefined || spec.callers.length === CALLERS.length ? [] : [spec.callers.join(', ')],
    spec.database === undefined ? [] : [`database ${limitText('database', spec.database, names)}`],
    spec.collection === undefined ? [] : [`collection ${limitText('collection', spec.collection, names)}`],
  ].flat();
  const limits = parts.length === 0 ? '' : ` (${parts.join('; ')})`;
  return `${spec.trigger} → ${printable(handler)}${limits}`;
}

/** `Customers (1017)` if the manifest uses the name; `Customers` if there is no account to look it up in. */
function limitText(field: ScopeField, id: number | string, names: ScopeNames): string {
  const name = names.get(limitKey(field, id));
  if (name === undefined) return String(id);
  return Number(id) > 0 ? `${printable(name)} (${id})` : printable(name);
}

function describeDifference(difference: Difference, { names, hideValues }: Format): string {
  const { field, from, to } = difference;
  if (field === 'database' || field === 'collection') {
    const text = (id: string) => (id === '' ? '(none)' : limitText(field, id, names));
    return `${field}: ${text(from)} → ${text(to)}`;
  }
  if (isValueChange(difference)) return `handler: ${printable(to)} (${VALUE_CHANGED})`;
  return `${field}: ${printable(field === 'handler' ? hideValues(from) : from)} → ${printable(to)}`;
}

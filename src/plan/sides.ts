import { type Difference, type HandlerAsWritten, type ScopeField, shownFields, type WebhookSpec } from '../webhook.js';
import { type Change, UNKNOWN_VALUE } from './change.js';
import { limitKey, type ScopeNames } from './names.js';

/** Fields of a webhook as documents show them: the handler as in the file, and null if there is no database. */
export interface ShownFields {
  readonly name?: string;
  readonly handler?: string;
  readonly trigger?: string;
  readonly callers?: readonly string[];
  /** Its id, or its name if there is no account to look that up in. */
  readonly database?: number | string | null;
  readonly collection?: number | string | null;
}

/** What a change starts from and leads to. Null: no webhook on that side, or no change. */
export interface Sides {
  readonly before: ShownFields | null;
  readonly after: ShownFields | null;
}

export interface ShownAs {
  /** What the manifest calls databases and collections whose ids are not known here. */
  readonly names: ScopeNames;
  /** Replaces values of variables in a handler that somebody set in the account. */
  readonly hideValues: (text: string) => string;
}

/**
 *     action             before                 after
 *     -----------------  ---------------------  ---------------------
 *     create, recover    null                   the whole webhook
 *     update, replace    the fields that differ, on both sides; the name too where that changes
 *     move               its name until now     its name
 *     delete             the whole webhook      null
 *     none, orphaned     null                   null
 *
 * Unknown values (fields that the account does not show) are left out.
 */
export function sidesOf(change: Change, shown: ShownAs): Sides {
  switch (change.action) {
    case 'create':
    case 'recover':
      return { before: null, after: wholeWebhook(change.desired, shown) };
    case 'update':
    case 'replace': {
      const { name, from, differences } = change;
      const before = { ...(from === null ? {} : { name: from }), ...fieldsOn('from', differences, shown) };
      return { before, after: { ...(from === null ? {} : { name }), ...fieldsOn('to', differences, shown) } };
    }
    case 'move':
      return { before: { name: change.from }, after: { name: change.name } };
    case 'delete':
      return { before: wholeWebhook(change, shown), after: null };
    case 'none':
    case 'orphaned':
      return { before: null, after: null };
  }
}

function wholeWebhook(webhook: HandlerAsWritten & { readonly spec: WebhookSpec }, shown: ShownAs): ShownFields {
  const { database, collection, ...fields } = shownFields(webhook);
  return {
    ...fields,
    database: scope('database', database, shown),
    collection: scope('collection', collection, shown),
  };
}

function fieldsOn(side: 'from' | 'to', differences: readonly Difference[], shown: ShownAs): ShownFields {
  const known = differences.filter((difference) => difference[side] !== UNKNOWN_VALUE);
  return Object.fromEntries(known.map((difference) => [difference.field, fieldValue(difference, side, shown)]));
}

function fieldValue(difference: Difference, side: 'from' | 'to', shown: ShownAs) {
  const { field, [side]: text } = difference;
  switch (field) {
    case 'handler':
      return side === 'from' ? shown.hideValues(text) : text;
    case 'trigger':
      return text;
    case 'callers':
      return text.split(',');
    case 'database':
    case 'collection':
      return scope(field, text === '' ? null : Number(text), shown);
  }
}

/** Stand-ins for ids are negative (see against.ts): they are shown by the names that they stand for. */
function scope(field: ScopeField, id: number | null, { names }: ShownAs): number | string | null {
  return id === null || id > 0 ? id : (names.get(limitKey(field, id)) ?? null);
}

import { Scalar, stringify } from 'yaml';
import type { LiveWebhook } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import { looksLike } from '../recovery/matching.js';
import { type IdRange, isScopeKnown, type State, type StateEntry, VERIFY_NAME } from '../state/state.js';
import { parseUrl } from '../text/parse-url.js';
import { printable, printableJson } from '../text/printable.js';
import {
  asWritten,
  CALLERS,
  canonicalCallers,
  canonicalHandler,
  type HandlerAsWritten,
  type ManifestEntry,
  type Visible,
  visibleKey,
} from '../webhook.js';
import { groupBy } from './group.js';
import { matchUnscoped } from './scope-unknown.js';

/**
 * A webhook of the account, with the name it has in the state or would get in a manifest. If the state knows the same
 * handler as a file writes it, that text is included.
 */
export interface Discovered extends HandlerAsWritten {
  readonly name: string;
  readonly id: number;
  /** As it was read; if the account shows no database or collection, with those that the state knows. */
  readonly webhook: LiveWebhook;
  /** True: the state has it already. */
  readonly known: boolean;
  /** The account shows no database or collection, and the state does not know whether it has any. */
  readonly scopeUnknown: boolean;
  /** New entries of the manifest, one of which it may belong to; only a person can tell. */
  readonly mayBe: readonly ManifestEntry[];
  /** Another webhook that shows the same: one of the state if possible, else the one with the lowest id. */
  readonly equalTo: { readonly name: string; readonly id: number } | null;
}

const LONGEST_NAME = 100;
/** How far to look around each known id if no range is given. */
const AROUND_KNOWN_IDS = 64;

/**
 * Names what was found: as in the state; else as the entry of the manifest that it equals; else by trigger and host,
 * such as `create-my-webhook-url.com`, with a number if that is taken. Goes by rising id, so that names are the same
 * each time. `entries`: the manifest, or none if it is not at hand. Leaves out what `verify` left to be deleted.
 */
export function nameDiscovered(
  webhooks: readonly LiveWebhook[],
  state: State | null,
  entries: readonly ManifestEntry[] = [],
): Discovered[] {
  const owners = state?.owners ?? new Map<number, string>();
  const written = writtenHandlers(state);
  const found = webhooks
    .filter(({ id }) => owners.get(id) !== VERIFY_NAME)
    .sort((a, b) => a.id - b.id)
    .map((webhook) => withScope(webhook, state));
  const { own, mayBe } = compareWithEntries(found, state, entries);
  const taken = new Set([...owners.values(), ...entries.map(({ name }) => name)]);
  const numbers = new Map<string, number>();
  const named = found.map(({ webhook, scopeUnknown }) => {
    const { id } = webhook;
    const owner = owners.get(id);
    const name = owner ?? own.get(id) ?? freeName(baseName(webhook), taken, numbers);
    taken.add(name);
    const known = owner !== undefined;
    const handlerAsWritten = written.get(canonicalHandler(webhook.handler));
    return { name, id, webhook, known, scopeUnknown, mayBe: mayBe.get(id) ?? [], ...handlerAsWritten };
  });
  const firsts = new Map<string, { readonly name: string; readonly id: number }>();
  for (const { webhook, name, id } of [...named.filter(({ known }) => known), ...named]) {
    const key = shownKey(webhook);
    if (!firsts.has(key)) firsts.set(key, { name, id });
  }
  const managed = groupBy(state?.entries.values() ?? [], ({ spec }) => visibleKey(spec));
  return named.map((each) => {
    const { webhook } = each;
    return { ...each, equalTo: equalTo(each, firsts.get(shownKey(webhook)), managed.get(visibleKey(webhook)) ?? []) };
  });
}

type Scoped = Pick<Discovered, 'webhook' | 'scopeUnknown'>;

/** If the account shows no database or collection, the state may know them. */
function withScope(webhook: LiveWebhook, state: State | null): Scoped {
  if (webhook.database != null || webhook.collection != null) return { webhook, scopeUnknown: false };
  const { id } = webhook;
  const entry = state?.entries.get(state.owners.get(id) ?? '');
  const isEntry = entry?.id === id;
  const spec = isEntry ? entry.spec : state?.pendingDeletes.get(id)?.spec;
  if (spec === undefined || (isEntry && !isScopeKnown(entry))) return { webhook, scopeUnknown: true };
  return { webhook: { ...webhook, database: spec.database, collection: spec.collection }, scopeUnknown: false };
}

/**
 * Compares webhooks that belong to no wanted entry with entries that have no webhook. Returns by id: the name of the
 * entry that a webhook is, or the entries that it may be.
 */
function compareWithEntries(
  found: readonly Scoped[],
  state: State | null,
  entries: readonly ManifestEntry[],
): { readonly own: ReadonlyMap<number, string>; readonly mayBe: ReadonlyMap<number, readonly ManifestEntry[]> } {
  const names = new Set(entries.map(({ name }) => name));
  const open = new Set([...(state?.intents.values() ?? [])].map(({ name }) => name));
  const free = found.filter(({ webhook: { id } }) => {
    return state?.pendingDeletes.has(id) !== true && !names.has(state?.owners.get(id) ?? '');
  });
  const equal = groupBy(
    free.filter(({ scopeUnknown }) => !scopeUnknown),
    ({ webhook }) => wholeKey(webhook),
  );
  const own = new Map<number, string>();
  const fresh: ManifestEntry[] = [];
  for (const entry of entries) {
    if (state?.entries.has(entry.name) === true || open.has(entry.name)) continue;
    const same = equal.get(wholeKey(entry.spec))?.shift();
    if (same === undefined) fresh.push(entry);
    else own.set(same.webhook.id, entry.name);
  }
  const seen = new Set(found.map(({ webhook: { id } }) => id));
  const unseen = [...(state?.entries.values() ?? [])].filter((entry) => {
    return !seen.has(entry.id) && !names.has(entry.name) && !isScopeKnown(entry);
  });
  const unscoped = [
    ...free.filter(({ scopeUnknown }) => scopeUnknown).map(({ webhook }) => ({ id: webhook.id, shown: webhook })),
    ...unseen.map(({ id, spec }) => ({ id, shown: spec })),
  ];
  const alike = matchUnscoped(
    fresh,
    unscoped.map(({ id, shown }) => ({ webhook: id, shown, mayBeTaken: true })),
  );
  for (const [name, id] of alike.taken) own.set(id, name);
  return { own, mayBe: alike.wantedBy };
}

/** Equal for a webhook and an entry that ask for the same. The webhook's scope must be known. */
function wholeKey(webhook: Visible & Scope): string {
  const { database, collection } = webhook;
  const textOf = (limit: ManifestEntry['spec']['database'] | null) =>
    limit == null ? '' : typeof limit === 'number' ? String(limit) : limit.name;
  return JSON.stringify([visibleKey(webhook), textOf(database), textOf(collection)]);
}

interface Scope {
  readonly database?: ManifestEntry['spec']['database'] | null;
  readonly collection?: ManifestEntry['spec']['collection'] | null;
}

/** By canonical handler. */
function writtenHandlers(state: State | null): ReadonlyMap<string, HandlerAsWritten> {
  const ours =
    state === null ? [] : [state.pendingDeletes, state.intents, state.entries].flatMap((all) => [...all.values()]);
  return new Map(ours.map((webhook) => [canonicalHandler(webhook.spec.handler), asWritten(webhook)]));
}

function equalTo(
  { id, webhook, known }: Pick<Discovered, 'id' | 'webhook' | 'known'>,
  first: Discovered['equalTo'] | undefined,
  alike: readonly StateEntry[],
): Discovered['equalTo'] {
  if (first != null && first.id !== id) return { name: first.name, id: first.id };
  if (known) return null;
  const managed = alike.find(({ spec }) => looksLike(webhook, spec));
  return managed === undefined ? null : { name: managed.name, id: managed.id };
}

/** Two webhooks with the same key can't both be in a manifest as they were read. */
function shownKey({ handler, trigger, callers, database, collection }: LiveWebhook): string {
  return JSON.stringify([
    canonicalHandler(handler),
    trigger,
    canonicalCallers(callers),
    database ?? 0,
    collection ?? 0,
  ]);
}

function baseName({ trigger, handler }: LiveWebhook): string {
  const host = parseUrl(handler)?.hostname ?? 'unknown-host';
  const name = `${trigger}-${host}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return name.slice(0, LONGEST_NAME - 8);
}

/** `numbers`: the last number tried for each base, since thousands of webhooks may share one. */
function freeName(base: string, taken: ReadonlySet<string>, numbers: Map<string, number>): string {
  if (!taken.has(base)) return base;
  let number = (numbers.get(base) ?? 1) + 1;
  while (taken.has(`${base}-${number}`)) number += 1;
  numbers.set(base, number);
  return `${base}-${number}`;
}

/** The ranges around all ids that the state knows, merged, rising. */
export function rangesAroundKnown(state: State | null): IdRange[] {
  const ids = [...(state?.owners.keys() ?? [])].sort((a, b) => a - b);
  const ranges: { from: number; to: number }[] = [];
  for (const id of ids) {
    const range = { from: Math.max(1, id - AROUND_KNOWN_IDS), to: id + AROUND_KNOWN_IDS };
    const last = ranges.at(-1);
    if (last !== undefined && range.from <= last.to + 1) last.to = range.to;
    else ranges.push(range);
  }
  return ranges;
}

/**
 * A complete manifest, with the ids as comments. Texts that look like variables are escaped. A webhook that shows the
 * same as another one is commented out, since a manifest can't ask for one webhook twice.
 */
export function discoveredManifest(found: readonly Discovered[]): string {
  const blocks = found.map((each) => {
    const lines = entryLines(each);
    const about = [headLine(each), ...proposalLines(each)];
    if (each.equalTo === null) return [...about.map((line) => `# ${line}`), ...lines];
    return [...about, ...doubleLines(each, each.equalTo), ...lines].map((line) => `# ${line}`);
  });
  const head = found.some(({ equalTo: other }) => other === null) ? 'webhooks:' : 'webhooks: []';
  return `${[head, ...blocks.flat().map((line) => (line === '' ? '' : `  ${line}`))].join('\n')}\n`;
}

/** The webhook, and what it did not show. */
function headLine({ id, scopeUnknown }: Discovered): string {
  const unread = '; the account does not show whether it is limited to a database or collection';
  return `webhook ${id}${scopeUnknown ? unread : ''}`;
}

function proposalLines({ id, mayBe }: Discovered): string[] {
  return mayBe.map(({ name, spec }) => `if it is ${name}${scopeText(spec)}: copernica-webhooks import ${name} ${id}`);
}

function doubleLines({ id, mayBe }: Discovered, other: { readonly name: string; readonly id: number }): string[] {
  const same = `webhook ${id} looks the same as webhook ${other.id} (${printable(other.name)}). If it is a duplicate, delete it in the dashboard`;
  if (mayBe.length > 0) return [`${same}.`];
  return [`${same};`, 'if a database or collection tells them apart, add that here and remove the "#".'];
}

/** ` (database 1017, collection Orders)`, as in the file. */
function scopeText({ database, collection }: ManifestEntry['spec']): string {
  const parts = Object.entries({ database, collection }).flatMap(([field, limit]) =>
    limit === undefined ? [] : [`${field} ${typeof limit === 'number' ? limit : printable(limit.shown)}`],
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function entryLines({ name, webhook, handlerAsWritten }: Discovered): string[] {
  const { handler, trigger, callers, database, collection } = webhook;
  const both = callers.length === 0 || CALLERS.every((caller) => callers.includes(caller));
  const entry = {
    name: scalarOf(name),
    handler: scalarOf(handlerAsWritten ?? handler.replaceAll('${', () => '$${')),
    trigger: scalarOf(trigger),
    ...(both ? {} : { callers: callers.map(scalarOf) }),
    ...(database == null ? {} : { database }),
    ...(collection == null ? {} : { collection }),
  };
  // If lines were folded, a long handler could be broken.
  return printableJson(stringify([entry], { lineWidth: 0 }))
    .trimEnd()
    .split('\n');
}

/** Double-quoted if it contains anything that a terminal or CI log would act on, since only there it can be escaped. */
function scalarOf(text: string): string | Scalar<string> {
  if (printable(text) === text) return text;
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

/** A warning for each webhook that shows the same as another: it is no entry, and usually not taken over. */
export function doublesFound(found: readonly Discovered[]): Problem[] {
  return found.flatMap(({ id, equalTo: other, mayBe }) =>
    other === null
      ? []
      : [
          {
            code: 'discovered-double',
            severity: 'warning',
            message: `webhook ${id} looks the same as webhook ${other.id} (${other.name}): it is commented out${mayBe.length === 0 ? ', and not taken over' : ''}`,
            remedy:
              'if it is a duplicate, delete it in the dashboard; if a database or collection tells them apart, write both entries and import each by its id',
          } satisfies Problem,
        ],
  );
}

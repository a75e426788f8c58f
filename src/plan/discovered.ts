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
 * A webhook of the account with the name that it has in the state, or would get in a manifest; with its handler as a
 * file writes it, where the state knows that of the same one.
 */
export interface Discovered extends HandlerAsWritten {
  readonly name: string;
  readonly id: number;
  /** As it reads, with the database and collection that the state has of it where the account shows none. */
  readonly webhook: LiveWebhook;
  /** True: the state has it already. */
  readonly known: boolean;
  /** It shows no database or collection, and the state does not know either whether it has them. */
  readonly scopeUnknown: boolean;
  /** New entries of the manifest of which one may be what it is; only a person can say so. */
  readonly mayBe: readonly ManifestEntry[];
  /** Another webhook that shows the very same: one of the state where there is one, else the lowest id found. */
  readonly equalTo: { readonly name: string; readonly id: number } | null;
}

const LONGEST_NAME = 100;
/** How far around each known id discovery looks when it is told no range. */
const AROUND_KNOWN_IDS = 64;

/**
 * Names for what was found: those of the state where it has them, else that of the entry of the manifest that it equals,
 * else trigger and host, such as `create-my-webhook-url.com`, with a number where that is taken. By rising id, so that
 * they are the same each time. `entries` is the manifest; empty where it is not at hand.
 * What `verify` left to be deleted is not for a manifest.
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

/** What the account does not show of database and collection the state may know. */
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
 * What was found and is no wanted entry's yet, compared with the entries that have no webhook yet: by id, the name of
 * the entry that it is, or the entries that it may be.
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

/** The same for a webhook and an entry that ask for the very same, where the scope of the webhook is known. */
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

/** By what handlers are. */
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

/** Two webhooks with the same one can't both be in a manifest as they were read. */
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

/** `numbers`: by base, the last number that was tried. What was taken stays so: thousands may have one base. */
function freeName(base: string, taken: ReadonlySet<string>, numbers: Map<string, number>): string {
  if (!taken.has(base)) return base;
  let number = (numbers.get(base) ?? 1) + 1;
  while (taken.has(`${base}-${number}`)) number += 1;
  numbers.set(base, number);
  return `${base}-${number}`;
}

/** Ranges around every id that the state knows, merged, rising. */
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
 * A ready manifest, with the ids as comments. Texts that would be taken for variables are written so that they are not.
 * What shows the same as another is commented out, since a manifest can't ask for one webhook twice.
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

/** The webhook, and what could not be read of it. */
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

/** ` (database 1017, collection Orders)`, as the file has it. */
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
  // Folded at a width, a long handler could come out broken.
  return printableJson(stringify([entry], { lineWidth: 0 }))
    .trimEnd()
    .split('\n');
}

/** In double quotes where it holds what a terminal or a CI log would act on: there it can be escaped. */
function scalarOf(text: string): string | Scalar<string> {
  if (printable(text) === text) return text;
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

/** A warning for each that shows the same as another: it is not printed as an entry, and not taken over as a rule. */
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

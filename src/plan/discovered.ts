import { Scalar, stringify } from 'yaml';
import type { LiveWebhook } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import { looksLike } from '../recovery/matching.js';
import type { IdRange, State } from '../state/state.js';
import { parseUrl } from '../text/parse-url.js';
import { printable, printableJson } from '../text/printable.js';
import { asWritten, CALLERS, canonicalCallers, canonicalHandler, type HandlerAsWritten } from '../webhook.js';

/**
 * A webhook of the account with the name that it has in the state, or would get in a manifest; with its handler as a
 * file writes it, where the state knows that of the same one.
 */
export interface Discovered extends HandlerAsWritten {
  readonly name: string;
  readonly id: number;
  readonly webhook: LiveWebhook;
  /** True: the state has it already. */
  readonly known: boolean;
  /** Another webhook that shows the very same: one of the state where there is one, else the lowest id found. */
  readonly equalTo: { readonly name: string; readonly id: number } | null;
}

const LONGEST_NAME = 100;
/** How far around each known id discovery looks when it is told no range. */
const AROUND_KNOWN_IDS = 64;

/**
 * Names for what was found: those of the state where it has them, else trigger and host, such as
 * `create-my-webhook-url.com`, with a number where that is taken. By rising id, so that they are the same each time.
 */
export function nameDiscovered(webhooks: readonly LiveWebhook[], state: State | null): Discovered[] {
  const owners = state?.owners ?? new Map<number, string>();
  const written = writtenHandlers(state);
  const taken = new Set(owners.values());
  const named = [...webhooks]
    .sort((a, b) => a.id - b.id)
    .map((webhook) => {
      const owner = owners.get(webhook.id);
      const name = owner ?? freeName(baseName(webhook), taken);
      taken.add(name);
      const known = owner !== undefined;
      return { name, id: webhook.id, webhook, known, ...written.get(canonicalHandler(webhook.handler)) };
    });
  const firsts = new Map<string, { readonly name: string; readonly id: number }>();
  for (const { webhook, name, id } of [...named.filter(({ known }) => known), ...named]) {
    const key = shownKey(webhook);
    if (!firsts.has(key)) firsts.set(key, { name, id });
  }
  return named.map((each) => ({ ...each, equalTo: equalTo(each, firsts.get(shownKey(each.webhook)), state) }));
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
  state: State | null,
): Discovered['equalTo'] {
  if (first != null && first.id !== id) return { name: first.name, id: first.id };
  if (known) return null;
  const managed = [...(state?.entries.values() ?? [])].find(({ spec }) => looksLike(webhook, spec));
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

function freeName(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
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
    if (each.equalTo === null) return [`# webhook ${each.id}`, ...lines];
    return [...doubleLines(each, each.equalTo), ...lines].map((line) => `# ${line}`);
  });
  const head = found.some(({ equalTo: other }) => other === null) ? 'webhooks:' : 'webhooks: []';
  return `${[head, ...blocks.flat().map((line) => (line === '' ? '' : `  ${line}`))].join('\n')}\n`;
}

function doubleLines({ id }: Discovered, other: { readonly name: string; readonly id: number }): string[] {
  return [
    `webhook ${id} shows the same as webhook ${other.id} (${printable(other.name)}). If it is a double, delete it in the dashboard;`,
    'if a database or collection tells them apart, add that here and take the "#" away.',
  ];
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

/** A warning for each that shows the same as another: it is neither printed as an entry nor taken over. */
export function doublesFound(found: readonly Discovered[]): Problem[] {
  return found.flatMap(({ id, equalTo: other }) =>
    other === null
      ? []
      : [
          {
            code: 'discovered-double',
            severity: 'warning',
            message: `webhook ${id} shows the same as webhook ${other.id} (${other.name}): it is commented out, and not taken over`,
            remedy:
              'if it is a double, delete it in the dashboard; if a database or collection tells them apart, write both entries and import each by its id',
          } satisfies Problem,
        ],
  );
}

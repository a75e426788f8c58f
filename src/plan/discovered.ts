import { stringify } from 'yaml';
import type { LiveWebhook } from '../copernica/api.js';
import type { IdRange, State } from '../state/state.js';
import { CALLERS } from '../webhook.js';

/** A webhook of the account with the name that it has in the state, or would get in a manifest. */
export interface Discovered {
  readonly name: string;
  readonly id: number;
  readonly webhook: LiveWebhook;
  /** True: the state has it already. */
  readonly known: boolean;
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
  const taken = new Set(owners.values());
  return [...webhooks]
    .sort((a, b) => a.id - b.id)
    .map((webhook) => {
      const owner = owners.get(webhook.id);
      const name = owner ?? freeName(baseName(webhook), taken);
      taken.add(name);
      return { name, id: webhook.id, webhook, known: owner !== undefined };
    });
}

function baseName({ trigger, handler }: LiveWebhook): string {
  const host = URL.canParse(handler) ? new URL(handler).hostname : 'unknown-host';
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

/** A ready manifest. Texts that would be taken for variables are written so that they are not. */
export function discoveredManifest(found: readonly Discovered[]): string {
  const webhooks = found.map(({ name, webhook }) => {
    const { handler, trigger, callers, database, collection } = webhook;
    const both = callers.length === 0 || CALLERS.every((caller) => callers.includes(caller));
    return {
      name,
      handler: handler.replaceAll('${', '$${'),
      trigger,
      ...(both ? {} : { callers: [...callers] }),
      ...(database == null ? {} : { database }),
      ...(collection == null ? {} : { collection }),
    };
  });
  // Folded at a width, a long handler could come out broken.
  return stringify({ webhooks }, { lineWidth: 0 });
}

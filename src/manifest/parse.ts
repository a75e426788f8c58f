import type { Problem } from '../errors.js';
import { type DesiredWebhook, type WebhookSpec, webhookKey } from '../webhook.js';
import { explainEntry, handlerFault } from './explain.js';
import type { Environment } from './interpolate.js';
import { type Places, quote } from './places.js';
import { entrySchema } from './schema.js';
import { nearest } from './suggest.js';
import { type MapTree, readTree, type Tree, UNREADABLE } from './tree.js';

export type ParsedManifest =
  | {
      readonly ok: true;
      readonly entries: readonly DesiredWebhook[];
      readonly warnings: readonly Problem[];
      /** Names of the variables that it uses, sorted. */
      readonly environmentUsed: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** An entry with the place of its name. */
interface Placed {
  readonly webhook: DesiredWebhook;
  readonly offset: number;
  readonly handlerOffset: number;
}

/**
 * Validates a manifest's text: every problem at once, each with its place. Never throws for what is in the text.
 * `file` is its path as the user gave it.
 */
export function parseManifest(
  text: string,
  source: { readonly file: string; readonly environment: Environment },
): ParsedManifest {
  const { tree, problems, environmentUsed, places } = readTree(text, source.file, source.environment);
  const found = [...problems];
  const items = problems.length > 0 && tree === null ? [] : webhooksOf(tree, places, found);
  const placed = items.map((item) => readEntry(item, places, found)).filter((entry) => entry !== null);
  found.push(...duplicates(items, placed, places));
  const warnings = placed.flatMap((entry) => warningsOf(entry, places));
  if (found.length > 0) return { ok: false, problems: [...found, ...warnings].sort(byPlace) };
  return { ok: true, entries: placed.map(({ webhook }) => webhook), warnings, environmentUsed };
}

function webhooksOf(tree: Tree | null, places: Places, found: Problem[]): readonly Tree[] {
  const remedy = 'a manifest is "webhooks:" and a list under it; for none at all write "webhooks: []"';
  const wrong = (offset: number, message: string) => {
    found.push(places.problem(offset, { code: 'manifest-shape', message, remedy }));
    return [];
  };
  // An empty file is more often an accident than the wish to have no webhooks.
  if (tree === null) return wrong(0, 'the manifest is empty');
  if (tree.kind !== 'map') return wrong(tree.offset, 'the manifest must be a mapping with the key "webhooks"');
  for (const [key, { offset }] of tree.fields) {
    if (key === 'webhooks') continue;
    const near = nearest(key, ['webhooks']);
    const help = near === undefined ? 'the only key is "webhooks"' : 'did you mean webhooks?';
    found.push(places.problem(offset, { code: 'unknown-field', message: `unknown key ${quote(key)}`, remedy: help }));
  }
  const webhooks = tree.fields.get('webhooks');
  if (webhooks === undefined) return wrong(tree.offset, 'there is no key "webhooks"');
  if (webhooks.value === UNREADABLE) return [];
  if (webhooks.value.kind !== 'list') return wrong(webhooks.offset, '"webhooks" must be a list');
  return webhooks.value.items;
}

/** The entry, or null when there is something wrong with it, which is noted. */
function readEntry(item: Tree, places: Places, found: Problem[]): Placed | null {
  if (item.kind !== 'map') {
    const remedy = 'begin it with "- name: …"';
    found.push(places.problem(item.offset, { code: 'manifest-shape', message: 'an entry must be a mapping', remedy }));
    return null;
  }
  const parsed = entrySchema.safeParse(plainOf(item));
  const isSound =
    parsed.success && handlerFault(parsed.data.handler) === null && !hasRepeatedCaller(parsed.data.callers);
  if (!isSound) {
    const before = found.length;
    found.push(...explainEntry(item, places));
    const isUnreadable = [...item.fields.values()].some(({ value }) => value === UNREADABLE);
    if (found.length === before && !isUnreadable) {
      const message = parsed.success
        ? 'the entry can’t be used'
        : (parsed.error.issues[0]?.message ?? 'the entry can’t be used');
      found.push(places.problem(item.offset, { code: 'bad-entry', message }));
    }
    return null;
  }
  const { name, ...spec } = parsed.data;
  const nameOffset = item.fields.get('name')?.value.offset ?? item.offset;
  const handlerOffset = item.fields.get('handler')?.value.offset ?? item.offset;
  return { webhook: { name, spec, ...places.at(nameOffset) }, offset: nameOffset, handlerOffset };
}

function hasRepeatedCaller(callers: WebhookSpec['callers']): boolean {
  return callers !== undefined && new Set(callers).size < callers.length;
}

function plainOf(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree === UNREADABLE ? undefined : tree.items.map(plainOf);
    case 'map':
      return Object.fromEntries([...tree.fields].map(([key, { value }]) => [key, plainOf(value)]));
  }
}

/** Two entries of one name, and two names for the very same webhook. Names are compared even where an entry is wrong. */
function duplicates(items: readonly Tree[], placed: readonly Placed[], places: Places): Problem[] {
  const found: Problem[] = [];
  const byName = new Map<string, number>();
  for (const { name, offset } of items.flatMap((item) => (item.kind === 'map' ? nameOf(item) : []))) {
    const first = byName.get(name);
    if (first === undefined) byName.set(name, offset);
    else {
      const message = `name ${quote(name)} is there twice, first at ${places.name(first)}`;
      const remedy = 'give each entry a name of its own, and keep it: it is the identity of the entry';
      found.push(places.problem(offset, { code: 'duplicate-name', message, remedy, name }));
    }
  }
  const byWebhook = new Map<string, Placed>();
  for (const entry of placed) {
    const key = webhookKey(entry.webhook.spec);
    const first = byWebhook.get(key);
    if (first === undefined) byWebhook.set(key, entry);
    else if (first.webhook.name !== entry.webhook.name) {
      const { name } = entry.webhook;
      const message = `${quote(name)} asks for the very same webhook as ${quote(first.webhook.name)} at ${places.name(first.offset)}`;
      const remedy = 'remove one of them: Copernica would deliver every event twice';
      found.push(places.problem(entry.offset, { code: 'duplicate-webhook', message, remedy, name }));
    }
  }
  return found;
}

function nameOf(item: MapTree): { name: string; offset: number }[] {
  const value = item.fields.get('name')?.value;
  return value?.kind === 'scalar' && typeof value.value === 'string'
    ? [{ name: value.value, offset: value.offset }]
    : [];
}

const PRIVATE_HOST =
  /^(localhost|.*\.(local|localhost|internal|test)|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|169\.254\..*|0\.0\.0\.0|\[::1\]|\[f[cde].*)$/;

function warningsOf({ webhook: { name, spec }, handlerOffset }: Placed, places: Places): Problem[] {
  const { protocol, hostname, username, password } = new URL(spec.handler);
  const warn = (code: string, message: string, remedy: string) =>
    places.problem(handlerOffset, { code, message, remedy, name, severity: 'warning' });
  return [
    ...(protocol === 'http:'
      ? [warn('insecure-handler', 'the handler is not https: events would go over the net unencrypted', 'use https')]
      : []),
    ...(PRIVATE_HOST.test(hostname)
      ? [warn('private-handler', 'Copernica can’t reach this host from outside', 'use a public host name')]
      : []),
    ...(username !== '' || password !== ''
      ? [
          warn(
            'credentials-in-handler',
            'the handler holds user info, which everyone who reads the file can see',
            'take it from a variable',
          ),
        ]
      : []),
  ];
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

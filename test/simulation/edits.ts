import fc from 'fast-check';
import { type DesiredWebhook, type FormerName, TRIGGERS, type WebhookSpec, webhookKey } from '../../src/webhook.js';

/** In handlers of the simulation: nothing that is printed may hold them. */
export const HANDLER_SECRETS = ['hunter2-user-info', 'hunter2-query'] as const;

/** One change that somebody makes to the manifest. `at` and the like are positions, taken modulo its length. */
export type Edit =
  | { readonly kind: 'add'; readonly name: string; readonly spec: WebhookSpec }
  | { readonly kind: 'set'; readonly at: number; readonly spec: WebhookSpec; readonly field: keyof WebhookSpec }
  /** `says`: the manifest says what it was. */
  | { readonly kind: 'rename'; readonly at: number; readonly name: string; readonly says?: boolean }
  | { readonly kind: 'swap'; readonly at: number; readonly with: number }
  /** `says`: the manifest names it under `removed` from now on. */
  | { readonly kind: 'remove'; readonly at: number; readonly says?: boolean }
  | { readonly kind: 'protect'; readonly at: number; readonly protect: boolean }
  | { readonly kind: 'move'; readonly at: number; readonly to: number }
  /** The very same webhook twice, which is an error until one of them is changed. */
  | { readonly kind: 'copy'; readonly at: number; readonly name: string }
  | { readonly kind: 'cut'; readonly keep: number };

export type Entries = readonly DesiredWebhook[];

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const at = fc.nat(11);

export const specs: fc.Arbitrary<WebhookSpec> = fc
  .record({
    handler: fc.constantFrom(
      'https://a.example/1',
      `https://user:${HANDLER_SECRETS[0]}@a.example/2?key=${HANDLER_SECRETS[1]}`,
    ),
    trigger: fc.constantFrom(TRIGGERS[0], TRIGGERS[1]),
    callers: fc.constantFrom(undefined, undefined, ['ms' as const], ['publisher' as const, 'ms' as const]),
    database: fc.constantFrom(undefined, undefined, 1, 2),
    collection: fc.constantFrom(undefined, undefined, undefined, 42),
  })
  .map(withoutUndefined);

/** Those that say nothing of former names, and protect nothing. */
export const plainEdits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), name: names, spec: specs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      at,
      spec: specs,
      field: fc.constantFrom('handler', 'trigger', 'callers', 'database', 'collection'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), at, name: names }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('swap' as const), at, with: at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), at, to: at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const), at, name: names }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), keep: fc.nat(4) }) },
);

const says = fc.constant(true);

export const edits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 16, arbitrary: plainEdits },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename' as const), at, name: names, says }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), at, says }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('protect' as const), at, protect: fc.boolean() }) },
);

/** The manifest after an edit. Not always one that is valid: see `isValid`. */
export function edited(entries: Entries, edit: Edit): Entries {
  if (edit.kind === 'add') return [...entries, entryOf(edit.name, edit.spec)];
  if (entries.length === 0) return entries;
  const index = 'at' in edit ? edit.at % entries.length : 0;
  const entry = entries[index];
  if (entry === undefined) return entries;
  switch (edit.kind) {
    case 'set': {
      const { handlerAsWritten: _, ...rest } = entry;
      return entries.with(index, { ...rest, ...specWith(withField(entry.spec, edit.field, edit.spec)) });
    }
    case 'rename': {
      const was = { name: entry.name, ...PLACE };
      return entries.with(index, { ...entry, name: edit.name, ...(edit.says ? { was } : {}) });
    }
    case 'protect': {
      const { protect: _, ...rest } = entry;
      return entries.with(index, edit.protect ? { ...rest, protect: true } : rest);
    }
    case 'swap': {
      const other = edit.with % entries.length;
      const partner = entries[other] ?? entry;
      return entries.with(index, { ...entry, name: partner.name }).with(other, { ...partner, name: entry.name });
    }
    case 'remove':
      return entries.toSpliced(index, 1);
    case 'move':
      return entries.toSpliced(index, 1).toSpliced(edit.to % entries.length, 0, entry);
    case 'copy':
      return [...entries, { ...entry, name: edit.name }];
    case 'cut':
      return entries.slice(0, edit.keep);
  }
}

/** What the manifest's own checks would let pass: no name twice, and no webhook under two names. */
export function isValid(entries: Entries): boolean {
  return valid(entries).length === entries.length;
}

/** The entries without those that the manifest's own checks would not let pass. */
export function valid(entries: Entries): Entries {
  const seen = new Set<string>();
  return entries.filter(({ name, spec }) => {
    const key = webhookKey(spec);
    if (seen.has(name) || seen.has(key)) return false;
    seen.add(name).add(key);
    return true;
  });
}

/** The name that an edit takes out and the manifest names under `removed` then, or null. */
export function removedBy(entries: Entries, edit: Edit): string | null {
  if (edit.kind !== 'remove' || edit.says !== true) return null;
  return entries[edit.at % Math.max(1, entries.length)]?.name ?? null;
}

/** What a manifest says of former names, without what its own checks would not let pass: each goes one way. */
export function manifestOf(
  entries: Entries,
  removed: ReadonlySet<string>,
): { readonly entries: Entries; readonly removed: readonly FormerName[] } {
  const names = new Set(entries.map(({ name }) => name));
  const checked = entries.map((entry): DesiredWebhook => {
    const { was, ...rest } = entry;
    if (was === undefined || names.has(was.name)) return rest;
    names.add(was.name);
    return entry;
  });
  const left = [...removed].filter((name) => !names.has(name));
  return { entries: checked, removed: left.map((name) => ({ name, ...PLACE })) };
}

const PLACE = { file: 'webhooks.yaml', line: 2, column: 5 } as const;

export function entryOf(name: string, spec: WebhookSpec): DesiredWebhook {
  return { name, ...specWith(spec), ...PLACE };
}

/** As a manifest has it that takes what is secret from variables. */
function specWith(spec: WebhookSpec): Pick<DesiredWebhook, 'spec' | 'handlerAsWritten'> {
  const { handler } = spec;
  const written = HANDLER_SECRETS.reduce((text, secret, index) => text.replaceAll(secret, `\${V${index}}`), handler);
  return { spec, ...(written === handler ? {} : { handlerAsWritten: written }) };
}

function withField(spec: WebhookSpec, field: keyof WebhookSpec, from: WebhookSpec): WebhookSpec {
  return withoutUndefined({ ...spec, [field]: from[field] });
}

function withoutUndefined(fields: { readonly [Field in keyof WebhookSpec]: WebhookSpec[Field] | undefined }) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as WebhookSpec;
}

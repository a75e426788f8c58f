import type { LiveWebhook } from '../copernica/api.js';
import { type Problem, productError } from '../errors.js';
import {
  type ImportRefusal,
  type ImportTarget,
  type ImportVerdict,
  importVerdict,
  refusedUnread,
} from '../recovery/import-verdict.js';
import type { OpenJournal } from '../state/store.js';
import {
  asWritten,
  CALLERS,
  canonicalHandler,
  type HandlerAsWritten,
  type ManifestEntry,
  type ScopeField,
  TRIGGERS,
  type WebhookSpec,
} from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { noteProtection } from './actions.js';
import { lookUpScopes } from './names.js';
import { type OpenedState, openState } from './open-state.js';
import type { ReconcilerPorts, ValidManifest } from './ports.js';

/** What an import did. */
export interface Imported extends HandlerAsWritten {
  /** `settled`: the entry keeps its webhook, and nothing about it is in doubt any more. */
  readonly kind: 'taken-over' | 'settled';
  /** The webhook as it is; the next run updates what differs from the manifest. */
  readonly spec: WebhookSpec;
  /** The entry's former webhook, which the next run deletes. Null: it had none, or keeps it. */
  readonly former: number | null;
  /** Fields of `spec` that come from the manifest or the state, because the account does not show them. */
  readonly unchecked: readonly ScopeField[];
  /** Of the manifest. */
  readonly warnings: readonly Problem[];
}

type Taken = Omit<Imported, 'warnings'>;

/**
 * Takes over an existing webhook for an entry of the manifest: reads it, and records it as the entry's. This settles
 * open intents of the entry and takes the webhook away from an orphaned entry that has it. An entry that already has a
 * webhook keeps that one, unless it may exist twice or a POST that was to replace it is uncertain: see `importVerdict`.
 * A single record says whose the webhook is, who loses it and which one is to be deleted, so a crash leaves neither
 * both nor none.
 *
 * Throws ProductError: `input` for a name that the manifest does not have; `refused` for an id or a name that is taken,
 * or another account's token; `failed` if the webhook can't be read or is gone.
 */
export async function importWebhook(
  ports: ReconcilerPorts,
  options: { readonly name: string; readonly file: string; readonly id: number; readonly init: boolean },
): Promise<Imported> {
  // Reports a mistake at once, without waiting for the lock. The manifest that is read under the lock is what counts.
  entryOf(await ports.loadManifest(), options);
  const locked = await ports.lockState();
  try {
    const manifest = await ports.loadManifest();
    const entry = entryOf(manifest, options);
    const target = {
      name: entry.name,
      isProtected: entry.protect === true,
      wanted: new Set(manifest.entries.flatMap(({ name, was }) => (was === undefined ? [name] : [name, was.name]))),
    };
    const taken = await takeOver(ports, await openState(locked, ports, options), { ...options, entry, target });
    return { ...taken, warnings: manifest.warnings };
  } finally {
    await locked.release();
  }
}

function entryOf(
  { entries }: ValidManifest,
  { name, file }: { readonly name: string; readonly file: string },
): ManifestEntry {
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  throw productError('input', {
    code: 'unknown-name',
    message: `${file} has no entry ${JSON.stringify(name)}`,
    name,
    remedy: 'write the entry first, either as the webhook is now or as it should be; the next `apply` updates it',
  });
}

async function takeOver(
  ports: ReconcilerPorts,
  { journal, isNew }: OpenedState,
  { entry, target, id }: { readonly entry: ManifestEntry; readonly target: ImportTarget; readonly id: number },
): Promise<Taken> {
  const refused = refusedUnread(journal.state, target, id);
  if (refused !== null) throwRefused(refused, entry.name);
  if (!isNew) checkAccount(await readAccount(ports.api), journal.state.account);
  const live = await read(ports, entry.name, id);
  const verdict = importVerdict(journal.state, target, live);
  if (verdict.kind === 'settle') return await settle(journal, verdict, { live, name: entry.name, now: ports.now });
  if (verdict.kind === 'refuse') return throwRefused(verdict, entry.name);
  const { entries } = await lookUpScopes([entry], ports.api, journal.state);
  const told = verdict.spec ?? entries[0]?.spec ?? {};
  const webhook = specOf(live, { name: entry.name, spec: told });
  const { intent, former, from } = verdict;
  const made = { ...(intent === null ? {} : { intent }), ...(from === null ? {} : { from }) };
  const { state } = journal;
  // The account shows values. How the handler is written is known if the entry, or one of ours, means this value.
  const known = [entry, state.intents.get(intent ?? 0), state.entries.get(entry.name), state.entries.get(from ?? '')];
  const sameHandler = known.find(
    (one) => one !== undefined && canonicalHandler(one.spec.handler) === canonicalHandler(live.handler),
  );
  const written = asWritten(sameHandler ?? {});
  const at = ports.now().toISOString();
  const { name } = entry;
  noteProtection([entry], { journal, now: ports.now });
  // By importing it under this name, the user says that it has the scope of this entry.
  journal.write({ type: 'imported', name, id, at, webhook, ...written, ...made, isScopeKnown: true });
  await journal.flush();
  return { kind: 'taken-over', spec: webhook, ...written, former, unchecked: uncheckedScopes(live, webhook) };
}

async function read({ api }: Pick<ReconcilerPorts, 'api'>, name: string, id: number): Promise<LiveWebhook> {
  const outcome = await api.readWebhook(id);
  if (outcome.ok && outcome.value !== 'gone') return outcome.value;
  const why = outcome.ok ? 'there is no such webhook in this account' : outcome.message;
  throw productError('failed', {
    code: 'import-unread',
    message: `webhook ${id}: ${why}`,
    name,
    remedy: 'check the id; nothing was changed',
  });
}

async function settle(
  journal: OpenJournal,
  { cancels, marked }: Extract<ImportVerdict, { kind: 'settle' }>,
  { live, name, now }: { readonly live: LiveWebhook; readonly name: string; now(): Date },
): Promise<Taken> {
  const at = now().toISOString();
  const reason = 'said to have made nothing, by an import of the webhook that was there';
  for (const { intent } of cancels) journal.write({ type: 'cancelled', intent, at, reason });
  if (marked) journal.write({ type: 'cleared', name, at });
  await journal.flush();
  return { kind: 'settled', spec: specOf(live, { name, spec: {} }), former: null, unchecked: [] };
}

function throwRefused({ code, message, remedy }: ImportRefusal, name: string): never {
  throw productError('refused', { code, message, name, remedy });
}

function uncheckedScopes(live: LiveWebhook, spec: WebhookSpec): ScopeField[] {
  return (['database', 'collection'] as const).filter((field) => live[field] == null && spec[field] !== undefined);
}

/** The answer need not show database and collection, which are undocumented fields: then they are the manifest's. */
export function specOf(
  live: LiveWebhook,
  { name, spec }: { readonly name: string; readonly spec: Partial<WebhookSpec> },
): WebhookSpec {
  const trigger = TRIGGERS.find((known) => known === live.trigger);
  const callers = CALLERS.filter((known) => live.callers.includes(known));
  if (trigger === undefined) {
    throw productError('failed', {
      code: 'import-unknown-trigger',
      message: `webhook ${live.id} has the trigger ${JSON.stringify(live.trigger)}, which this program does not know`,
      name,
      remedy: 'a newer version may know it',
    });
  }
  const database = live.database ?? spec.database;
  const collection = live.collection ?? spec.collection;
  return {
    handler: live.handler,
    trigger,
    ...(callers.length === 0 ? {} : { callers }),
    ...(database === undefined ? {} : { database }),
    ...(collection === undefined ? {} : { collection }),
  };
}

import type { Logger } from 'pino';
import type { LeadLeases } from './daemon/leadership.js';
import type { ProblemCode } from './error-codes.js';
import { type Host, holderOf } from './host.js';
import type { AccountSettings } from './settings/resolve.js';
import { loadCertificates } from './settings/small-file.js';
import { type StatePlace, shownPlace } from './settings/state-place.js';
import { fileStore } from './state/file/store.js';
import { isInClear, shownAddress } from './state/postgres/address.js';
import type { Connection } from './state/postgres/connect.js';
import type { StateStore } from './state/store.js';

type StateSettings = Pick<AccountSettings, 'statePlace' | 'settings'>;
type PostgresPlace = Extract<StatePlace, { kind: 'postgres' }>;

/** The store that `--state` names. What a database needs is only loaded for one. */
export async function stateStore(host: Host, { statePlace: place, settings }: StateSettings): Promise<StateStore> {
  if (place.kind === 'file') return fileStore(place.path);
  const { postgresStore } = await import('./state/postgres/store.js');
  const { members } = await connectionTo(host, place, settings.leaseMs);
  return postgresStore({ address: place.address, members });
}

/**
 * Brings the schema of the state's database up to date. Returns its version before (null: there was none) and now.
 * Null: the state is in a file. Throws ProductError.
 */
export async function migrateState(host: Host, { statePlace: place, settings }: StateSettings) {
  if (place.kind === 'file') return null;
  const { migrateDatabase } = await import('./state/postgres/schema.js');
  const { database } = await connectionTo(host, place, settings.leaseMs);
  return migrateDatabase(database, shownPlace(place));
}

/** For `doctor`. Null: the state is in a file. Throws ProductError. */
export async function diagnoseState(host: Host, { statePlace: place, settings }: StateSettings) {
  if (place.kind === 'file') return null;
  const { diagnoseDatabase } = await import('./state/postgres/diagnose.js');
  const { database } = await connectionTo(host, place, settings.leaseMs);
  return diagnoseDatabase(database, shownPlace(place));
}

/** Everything sent to the database and back can contain handlers and a password. */
export function warnOfClearText(place: StatePlace, log: Logger): void {
  if (place.kind !== 'postgres' || !isInClear(place.address)) return;
  const remedy = 'leave sslmode out of the URL, or write sslmode=verify-full';
  const code = 'state-in-clear' satisfies ProblemCode;
  log.warn({ code, remedy }, `the connection to ${shownPlace(place)} is not encrypted`);
}

/** By process: accounts with states in one database share its connections and one membership. */
const connections = new WeakMap<Host, Map<string, Promise<Connection>>>();

function connectionTo(host: Host, place: PostgresPlace, leaseMs: number): Promise<Connection> {
  const known = connections.get(host) ?? new Map<string, Promise<Connection>>();
  connections.set(host, known);
  const key = databaseKey(place);
  const found = known.get(key) ?? connectLater(host, place, leaseMs);
  known.set(key, found);
  return found;
}

/** Equal for states in the same database. */
export function databaseKey({ address, password }: PostgresPlace): string {
  return JSON.stringify([{ ...address, name: '' }, password]);
}

/** Connects on first use. Throws ProductError of kind `input` for certificates that can't be read. */
async function connectLater(host: Host, { address, password }: PostgresPlace, leaseMs: number): Promise<Connection> {
  const { connectTo } = await import('./state/postgres/connect.js');
  const access = {
    address,
    password: password ?? host.environment.PGPASSWORD,
    ca: address.sslRootCert === undefined ? undefined : await loadCertificates(address.sslRootCert),
    applicationName: `copernica-webhooks/${host.version}`,
  };
  return connectTo(access, leaseMs);
}

/** The leases that decide who leads the accounts whose states are in this database. */
export async function leadLeases(host: Host, place: PostgresPlace, leaseMs: number): Promise<LeadLeases> {
  const { postgresLeadLeases } = await import('./state/postgres/lead.js');
  const { database, members } = await connectionTo(host, place, leaseMs);
  return postgresLeadLeases({ place: shownAddress(place.address), database, members, holder: holderOf(host, 'run') });
}

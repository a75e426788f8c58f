import type { Logger } from 'pino';
import type { ProblemCode } from './error-codes.js';
import type { Host } from './host.js';
import type { AccountSettings } from './settings/resolve.js';
import { loadCertificates } from './settings/small-file.js';
import { type StatePlace, shownPlace } from './settings/state-place.js';
import { fileStore } from './state/file/store.js';
import { isInClear, type PostgresAddress } from './state/postgres/address.js';
import type { Database } from './state/postgres/database.js';
import type { StateStore } from './state/store.js';

type StateSettings = Pick<AccountSettings, 'statePlace' | 'settings'>;

/** Where the state is kept that `--state` names. What a database needs is loaded for it alone. */
export async function stateStore(host: Host, { statePlace: place, settings }: StateSettings): Promise<StateStore> {
  if (place.kind === 'file') return fileStore(place.path);
  const { postgresStore } = await import('./state/postgres/store.js');
  const { address, password } = place;
  const database = await databaseAt(host, address, password);
  return postgresStore({ address, database, leaseMs: settings.leaseMs });
}

/**
 * Brings the schema of the database up to date in which the state is; what it was before (null: there was none) and is
 * now. Null: it is in a file. Throws ProductError.
 */
export async function migrateState(host: Host, { statePlace: place }: Pick<StateSettings, 'statePlace'>) {
  if (place.kind === 'file') return null;
  const { migrateDatabase } = await import('./state/postgres/store.js');
  return migrateDatabase(await databaseAt(host, place.address, place.password), shownPlace(place));
}

/** For `doctor`. Null: the state is in a file. Throws ProductError. */
export async function diagnoseState(host: Host, { statePlace: place }: Pick<StateSettings, 'statePlace'>) {
  if (place.kind === 'file') return null;
  const { diagnoseDatabase } = await import('./state/postgres/diagnose.js');
  return diagnoseDatabase(await databaseAt(host, place.address, place.password), shownPlace(place));
}

/** What goes to the database and back holds handlers, and may hold a password. */
export function warnOfClearText(place: StatePlace, log: Logger): void {
  if (place.kind !== 'postgres' || !isInClear(place.address)) return;
  const remedy = 'leave sslmode out of the URL, or write sslmode=verify-full';
  const code = 'state-in-clear' satisfies ProblemCode;
  log.warn({ code, remedy }, `the connection to ${shownPlace(place)} is not encrypted`);
}

/** By process: accounts whose states are in one database share its connections. */
const databases = new WeakMap<Host, Map<string, Promise<Database>>>();

function databaseAt(host: Host, address: PostgresAddress, password: string | undefined): Promise<Database> {
  const known = databases.get(host) ?? new Map<string, Promise<Database>>();
  databases.set(host, known);
  const key = JSON.stringify([{ ...address, name: '' }, password]);
  const database = known.get(key) ?? connectLater(host, address, password);
  known.set(key, database);
  return database;
}

/** Throws ProductError of kind `input` for certificates that can't be read. Connects when it is first asked. */
async function connectLater(host: Host, address: PostgresAddress, password: string | undefined): Promise<Database> {
  const { Database } = await import('./state/postgres/database.js');
  return new Database({
    address,
    password: password ?? host.environment.PGPASSWORD,
    ca: address.sslRootCert === undefined ? undefined : await loadCertificates(address.sslRootCert),
    applicationName: `copernica-webhooks/${host.version}`,
  });
}

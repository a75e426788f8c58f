import { errorCode } from '../../errors.js';
import type { Database } from './database.js';
import { failing, MAY_NOT, newerState, olderSchema, oldServer, standby } from './failures.js';

/** Each runs once, in one transaction. None is ever changed: a new version adds another. */
const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE copernica_webhooks.state (
  state bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  -- Null: nothing was recorded yet. One account has one state, or everything would be there twice.
  account text CONSTRAINT one_state_per_account UNIQUE,
  -- The number of the last record.
  last bigint NOT NULL DEFAULT 0,
  -- Digests of the manifests that were applied, each once, the latest last.
  manifests text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE copernica_webhooks.process (
  process uuid PRIMARY KEY,
  about json NOT NULL,
  -- Null: it is no daemon. Equal for those that stand for the same states.
  replica text,
  -- By the clock of the database alone.
  expires_at timestamptz NOT NULL
);
CREATE TABLE copernica_webhooks.lease (
  state bigint NOT NULL REFERENCES copernica_webhooks.state,
  purpose text NOT NULL,
  -- Null: nobody's.
  holder uuid,
  about json,
  epoch bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (state, purpose)
);
CREATE TABLE copernica_webhooks.record (
  state bigint NOT NULL REFERENCES copernica_webhooks.state,
  number bigint NOT NULL,
  writer uuid NOT NULL,
  epoch bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  record json NOT NULL,
  PRIMARY KEY (state, number)
);
-- What an answer said to a process that has lost its lease: whoever has it now takes it in.
CREATE TABLE copernica_webhooks.outcome (
  outcome bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state bigint NOT NULL REFERENCES copernica_webhooks.state,
  record json NOT NULL
);
`,
  `
-- Until when the last of those could use it that did not give it back. Null: all did. Kept when it is given back, since
-- whoever has it in between may end without having recorded what such a one left.
ALTER TABLE copernica_webhooks.lease ADD COLUMN used_until timestamptz;
`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** 14.0. Older versions get no fixes any more. */
const OLDEST_SERVER = 140_000;

/** Ensures that only one program at a time creates or changes the schema. */
const MIGRATION_LOCK = 7_305_417_203;

/** What every command first asks of a server. */
export interface ServerFacts {
  /** As in `server_version_num`: 140005 is 14.5. */
  readonly server: number;
  /** It takes no writes. */
  readonly isStandby: boolean;
  /** The schema's version. Null: there is no schema. */
  readonly schema: number | null;
}

/** Throws ProductError `refused` for a server that is too old, or a schema of a later version. */
export async function serverFacts(database: Database, place: string): Promise<ServerFacts> {
  const [row] = await database.query(`SELECT current_setting('server_version_num')::int AS server,
    pg_is_in_recovery() AS is_standby, to_regclass('copernica_webhooks.version') IS NOT NULL AS is_there`);
  const server = Number(row?.server);
  assertNewEnough(server, place);
  const isStandby = row?.is_standby === true;
  if (row?.is_there !== true) return { server, isStandby, schema: null };
  const [found] = await database.query('SELECT version FROM copernica_webhooks.version');
  const schema = Number(found?.version ?? 0);
  if (schema > SCHEMA_VERSION) throw newerState(place, `version ${schema} of the schema`);
  return { server, isStandby, schema };
}

export function assertNewEnough(server: number, place: string): void {
  if (server < OLDEST_SERVER) throw oldServer(place, Math.floor(server / 10_000));
}

/** Null: there is no schema. Throws ProductError `refused` for one that this program can't read. */
export async function schemaToRead(database: Database, place: string): Promise<number | null> {
  const { schema } = await serverFacts(database, place);
  if (schema !== null && schema < SCHEMA_VERSION) throw olderSchema(place, schema);
  return schema;
}

/**
 * Makes the schema ready for writing. False: there is none, and none may be created. Throws ProductError `refused` for
 * an older schema that this user may not change, and on a standby.
 */
export async function schemaToWrite(database: Database, place: string, mayBegin: boolean): Promise<boolean> {
  const { schema, isStandby } = await serverFacts(database, place);
  if (isStandby) throw standby(place);
  if (schema === SCHEMA_VERSION) return true;
  if (schema === null && !mayBegin) return false;
  await migrate(database).catch((error: unknown) => {
    throw errorCode(error) === MAY_NOT ? olderSchema(place, schema) : error;
  });
  return true;
}

/** Brings the schema up to date. Returns its version before (null: there was none) and now. */
export function migrateDatabase(database: Database, place: string): Promise<{ from: number | null; to: number }> {
  return failing(place, 'migrated', async () => {
    const { schema: from } = await serverFacts(database, place);
    if (from !== SCHEMA_VERSION) await migrate(database);
    return { from, to: SCHEMA_VERSION };
  });
}

/** Brings the schema up to date, even if other processes do so at the same time. */
async function migrate(database: Database): Promise<void> {
  const steps = MIGRATIONS.map((sql, index) => {
    const version = index + 1;
    return `IF (SELECT version FROM copernica_webhooks.version) < ${version} THEN
${sql}
UPDATE copernica_webhooks.version SET version = ${version};
END IF;`;
  });
  await database.transact(`DO $migration$ BEGIN
PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
-- Made for this user by another, it needs no right to make schemas.
IF to_regnamespace('copernica_webhooks') IS NULL THEN
  CREATE SCHEMA copernica_webhooks;
END IF;
CREATE TABLE IF NOT EXISTS copernica_webhooks.version (version integer NOT NULL);
IF NOT EXISTS (SELECT FROM copernica_webhooks.version) THEN
  INSERT INTO copernica_webhooks.version VALUES (0);
END IF;
${steps.join('\n')}
END $migration$`);
}

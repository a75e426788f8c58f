import type { Database } from './database.js';
import { newerState } from './failures.js';

/** Each runs once, in one transaction, and is never changed again: the next version gets a new one. */
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
];

const SCHEMA_VERSION = MIGRATIONS.length;

/** Of all programs that make or change the schema, one at a time. */
const MIGRATION_LOCK = 7_305_417_203;

/** The version of the schema that is there. 0: there is none. Throws ProductError `refused` for a later one. */
export async function schemaVersion(database: Database, place: string): Promise<number> {
  const [there] = await database.query("SELECT to_regclass('copernica_webhooks.version') IS NOT NULL AS is_there");
  if (there?.is_there !== true) return 0;
  const [row] = await database.query('SELECT version FROM copernica_webhooks.version');
  const version = Number(row?.version ?? 0);
  if (version > SCHEMA_VERSION) throw newerState(place, `version ${version} of the schema`);
  return version;
}

/** Makes the schema, where that may be, and brings it up to date. False: there is none. */
export async function readySchema(database: Database, place: string, mayMake: boolean): Promise<boolean> {
  const version = await schemaVersion(database, place);
  if (version === 0 && !mayMake) return false;
  if (version < SCHEMA_VERSION) await migrate(database);
  return true;
}

/** Brings the schema up to date, whatever others do at the same time. */
export async function migrate(database: Database): Promise<void> {
  const steps = MIGRATIONS.map((sql, index) => {
    const version = index + 1;
    return `IF (SELECT version FROM copernica_webhooks.version) < ${version} THEN
${sql}
UPDATE copernica_webhooks.version SET version = ${version};
END IF;`;
  });
  await database.transact(`DO $migration$ BEGIN
PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
CREATE SCHEMA IF NOT EXISTS copernica_webhooks;
CREATE TABLE IF NOT EXISTS copernica_webhooks.version (version integer NOT NULL);
IF NOT EXISTS (SELECT FROM copernica_webhooks.version) THEN
  INSERT INTO copernica_webhooks.version VALUES (0);
END IF;
${steps.join('\n')}
END $migration$`);
}

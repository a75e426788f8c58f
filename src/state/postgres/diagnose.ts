import type { Database } from './database.js';
import { failing } from './failures.js';
import { SCHEMA_VERSION, type ServerFacts, serverFacts } from './schema.js';

/** What `doctor` reports about a database. */
export interface Diagnosis extends ServerFacts {
  /** The schema version that this program writes. */
  readonly wanted: number;
  readonly isEncrypted: boolean;
  /** True: whatever the server has confirmed survives a crash of its machine. */
  readonly isFlushed: boolean;
  /** Whether this user may change tables or, if there is no schema, create it. */
  readonly mayMigrate: boolean;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** Changes nothing. Throws ProductError. */
export function diagnoseDatabase(database: Database, place: string): Promise<Diagnosis> {
  return failing(place, 'read', async () => {
    const facts = await serverFacts(database, place);
    const [row] = await database.query(RIGHTS);
    return {
      ...facts,
      wanted: SCHEMA_VERSION,
      isEncrypted: row?.is_encrypted === true,
      isFlushed: row?.fsync === 'on',
      mayMigrate: row?.may_migrate === true,
      mayRead: row?.may_read === true,
      mayWrite: row?.may_write === true,
    };
  });
}

const RIGHTS = `
SELECT current_setting('fsync') AS fsync,
  EXISTS (SELECT FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS is_encrypted,
  coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'copernica_webhooks'),
           has_database_privilege(current_database(), 'CREATE')) AS may_migrate,
  bool_and(has_table_privilege(c.oid, 'SELECT')) AS may_read,
  bool_and(c.relname = 'version' OR (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
           AND has_table_privilege(c.oid, 'DELETE'))) AS may_write
FROM pg_class c WHERE c.relnamespace = to_regnamespace('copernica_webhooks') AND c.relkind = 'r'`;

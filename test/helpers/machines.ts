import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from './cli.js';
import { PASSWORD, postgresServer } from './postgres.js';

/** Short, so that tests wait for its end. */
export const LEASE_MS = 2_000;

export interface Database {
  /** For `--state`. */
  readonly url: string;
  /** As the server's administrator. */
  query(text: string): Promise<readonly Record<string, unknown>[]>;
}

export async function openDatabase(): Promise<Database> {
  const server = await postgresServer();
  const name = await server.createDatabase();
  return {
    url: `postgres://${server.user}@127.0.0.1:${server.port}/${name}`,
    query: (text) => server.query(name, text),
  };
}

/** A machine of its own: an empty folder but for the manifest, and the database that others have, too. */
export async function openMachine(sandbox: Sandbox, url: string, wanted: readonly object[]): Promise<Workplace> {
  const place = await Workplace.open(sandbox);
  Object.assign(place.environment, {
    COPERNICA_WEBHOOKS_STATE: url,
    COPERNICA_WEBHOOKS_LEASE: `${LEASE_MS}ms`,
    COPERNICA_WEBHOOKS_SETTLE: '200ms',
    COPERNICA_WEBHOOKS_TIMEOUT: '1s',
    PGPASSWORD: PASSWORD,
  });
  await place.manifest(wanted);
  return place;
}

import pg from 'pg';
import type { PostgresAddress } from './address.js';

/** How to connect. */
export interface Access {
  readonly address: PostgresAddress;
  /** Left out: the one in PGPASSFILE, or none. */
  readonly password?: string;
  /** PEM text of the authorities to trust. Left out: Node's. */
  readonly ca?: string;
  /** Shown to the server's administrator in pg_stat_activity. */
  readonly applicationName: string;
  /** Left out: as many as one run uses at a time. */
  readonly mostConnections?: number;
  /** How long to wait for an answer, in milliseconds. */
  readonly answerWithinMs?: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** A run appends one group at a time, and reads beside it. */
const MOST_CONNECTIONS = 4;
const CONNECT_WITHIN_MS = 5_000;
/** The server is told as well, so that it does not go on when nobody waits any more. */
const ANSWER_WITHIN_MS = 10_000;
const IDLE_MS = 10_000;

/**
 * The connections of this process to one database. Nothing depends on a session, so a pooler in transaction mode may be
 * in between: no named prepared statements, no SET beyond its transaction, no LISTEN. A connection on which something
 * failed is not used again.
 */
export class Database {
  readonly #pool: pg.Pool;

  constructor(access: Access) {
    const { address, password, ca, applicationName } = access;
    const { mostConnections = MOST_CONNECTIONS, answerWithinMs = ANSWER_WITHIN_MS } = access;
    const { host, port, user, database, sslMode } = address;
    this.#pool = new pg.Pool({
      host,
      port,
      user,
      database,
      password,
      application_name: applicationName,
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED and PGSSLMODE have no effect. The certificate must name `host`.
      ssl: sslMode === 'disable' ? false : { rejectUnauthorized: true, host, ca },
      max: mostConnections,
      connectionTimeoutMillis: Math.min(CONNECT_WITHIN_MS, answerWithinMs),
      query_timeout: answerWithinMs,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
      keepAlive: true,
    });
    // An idle connection that breaks is replaced at the next use; without a listener its error would end the process.
    this.#pool.on('error', () => undefined);
  }

  /** One statement, in a transaction of its own. */
  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#pool.query<Row>(text, [...values]);
    return rows;
  }

  /**
   * Runs one statement after the settings for its transaction, in one round trip: it waits for no lock for long, and
   * the server flushes the commit before it answers. `statement` contains its values as literals.
   */
  async transact(statement: string): Promise<readonly Row[]> {
    const results = (await this.#pool.query(`${BEGIN};\n${statement};\nCOMMIT`)) as unknown as pg.QueryResult<Row>[];
    return results.at(-2)?.rows ?? [];
  }

  /** Waits until nothing is under way. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const BEGIN = `BEGIN;
SET LOCAL statement_timeout = '${ANSWER_WITHIN_MS / 2}ms';
SET LOCAL lock_timeout = '${ANSWER_WITHIN_MS / 2}ms';
SELECT set_config('synchronous_commit',
  CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply') THEN current_setting('synchronous_commit')
  ELSE 'on' END, true)`;

export function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : pg.escapeLiteral(value);
}

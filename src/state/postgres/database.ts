import pg from 'pg';
import type { PostgresAddress } from './address.js';

/** How to get in. */
export interface Access {
  readonly address: PostgresAddress;
  /** Left out: that of PGPASSFILE, or none. */
  readonly password?: string;
  /** PEM text of the authorities to trust. Left out: those of Node. */
  readonly ca?: string;
  /** What the server's administrator sees in pg_stat_activity. */
  readonly applicationName: string;
  /** Left out: as many as a run uses at the same time. */
  readonly mostConnections?: number;
  /** How long an answer is waited for, in milliseconds. */
  readonly answerWithinMs?: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** Connections at most: a run appends one group at a time, and reads beside it. */
const MOST_CONNECTIONS = 4;
const CONNECT_WITHIN_MS = 5_000;
/** What the server is told, too, so that it does not go on with what nobody waits for. */
const ANSWER_WITHIN_MS = 10_000;
const IDLE_MS = 10_000;

/**
 * The connections of this process to one database. Nothing in it depends on a session, so that a pooler in transaction
 * mode may stand in between: no prepared statement with a name, no SET that outlives its transaction, no LISTEN. A
 * connection on which something failed is not used again.
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
      // Said in full, whatever NODE_TLS_REJECT_UNAUTHORIZED and PGSSLMODE say. `host` is what the certificate must name.
      ssl: sslMode === 'disable' ? false : { rejectUnauthorized: true, host, ca },
      max: mostConnections,
      connectionTimeoutMillis: Math.min(CONNECT_WITHIN_MS, answerWithinMs),
      query_timeout: answerWithinMs,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
      keepAlive: true,
    });
    // An idle connection that breaks is replaced when the next one is wanted; unheard, it would end the process.
    this.#pool.on('error', () => undefined);
  }

  /** One statement, in a transaction of its own. */
  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#pool.query<Row>(text, [...values]);
    return rows;
  }

  /**
   * One statement after the settings that hold for its transaction alone, in one round trip: it waits for no lock for
   * long, and its commit is flushed by the server before it is answered. `statement` has its values as literals.
   */
  async transact(statement: string): Promise<readonly Row[]> {
    const results = (await this.#pool.query(`${BEGIN};\n${statement};\nCOMMIT`)) as unknown as pg.QueryResult<Row>[];
    return results.at(-2)?.rows ?? [];
  }

  /** Waits for what is under way. */
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

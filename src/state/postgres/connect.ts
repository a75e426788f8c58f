import { type Access, Database } from './database.js';
import { Members, RENEWALS_PER_LEASE } from './membership.js';
import { sqlTables } from './sql.js';

/** One process's connections to a database. */
export interface Connection {
  readonly database: Database;
  readonly members: Members;
}

/**
 * Connects on first use. Renewals of the lease have a connection of their own, and give up on an answer before the next
 * renewal is due: no other request that hangs delays them, and a connection that leads nowhere is replaced in time.
 */
export function connectTo(access: Access, leaseMs: number): Connection {
  const database = new Database(access);
  const heartbeats = new Database({ ...access, mostConnections: 1, answerWithinMs: leaseMs / RENEWALS_PER_LEASE });
  return { database, members: new Members(sqlTables(database, heartbeats), leaseMs) };
}

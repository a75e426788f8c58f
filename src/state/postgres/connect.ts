import { type Access, Database } from './database.js';
import { Members, RENEWALS_PER_LEASE } from './membership.js';
import { sqlTables } from './sql.js';

/** A database as one process has it. */
export interface Connection {
  readonly database: Database;
  readonly members: Members;
}

/**
 * Connects when it is first asked. What keeps the leases has a connection of its own, and gives up on an answer before
 * the next renewal is due: nothing else that hangs holds it up, and a connection that leads nowhere is replaced in time.
 */
export function connectTo(access: Access, leaseMs: number): Connection {
  const database = new Database(access);
  const heartbeats = new Database({ ...access, mostConnections: 1, answerWithinMs: leaseMs / RENEWALS_PER_LEASE });
  return { database, members: new Members(sqlTables(database, heartbeats), leaseMs) };
}

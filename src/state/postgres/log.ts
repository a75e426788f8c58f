import { setTimeout as sleep } from 'node:timers/promises';
import { compact, isMostlyDead } from '../compact.js';
import type { FoldedState } from '../folded-state.js';
import type { RecordLog } from '../journal.js';
import type { RecordOf, StateRecord } from '../records.js';
import { type Database, literal } from './database.js';
import { databaseFailure, isUnanswered, leaseLost, wentBack } from './failures.js';
import type { Membership } from './membership.js';

export interface LogStart {
  readonly place: string;
  readonly database: Database;
  readonly membership: Membership;
  readonly state: string;
  readonly epoch: number;
  /** That the state belongs to. */
  readonly account: string;
  /** The number of the last record, and how many there are. */
  readonly last: number;
  readonly records: number;
}

/** `isAll`: these are all the records that there are then. */
type Extent = 'added' | 'isAll';

const ASK_AGAIN_AFTER_MS = 200;

/**
 * The records of one state while this process has the lease on it. Each group is one statement that looks, under the
 * lock of the lease's row, whether the lease still holds, and whether the last record is the one that this process
 * knows. So a statement whose answer was lost can be sent again: of both, one alone finds that record.
 */
export class PostgresLog implements RecordLog {
  readonly #start: LogStart;
  #last: number;
  #records: number;

  constructor(start: LogStart) {
    this.#start = start;
    this.#last = start.last;
    this.#records = start.records;
  }

  /** The number of the last record that is known to be stored. */
  get last(): number {
    return this.#last;
  }

  async append(records: readonly StateRecord[]): Promise<void> {
    await this.#store(records, 'added');
    this.#records += records.length;
  }

  /** These in place of all that there are, at once. */
  async replace(records: readonly StateRecord[]): Promise<void> {
    await this.#store(records, 'isAll');
    this.#records = records.length;
  }

  async finish(state: FoldedState): Promise<void> {
    if (isMostlyDead(this.#records, state)) await this.replace([...compact(state)]);
  }

  async close(): Promise<void> {
    // The lease is given back by whoever took it.
  }

  /** What an answer said is true all the same, and whoever has the lease by now takes it in. Never rejects. */
  async saveOutcome(record: RecordOf<'late'>): Promise<void> {
    const { database, state } = this.#start;
    await database
      .query('INSERT INTO copernica_webhooks.outcome (state, record) VALUES ($1, $2)', [state, JSON.stringify(record)])
      .catch(() => undefined);
  }

  async #store(records: readonly StateRecord[], extent: Extent): Promise<void> {
    const { place, membership } = this.#start;
    const statement = this.#statement(records, extent);
    for (let wasUnanswered = false; ; wasUnanswered = true) {
      try {
        const stored = await this.#attempt(statement, records.length, wasUnanswered);
        if (stored) return;
        throw leaseLost(place);
      } catch (error) {
        if (!isUnanswered(error)) throw databaseFailure(place, 'written', error);
        // Nobody else writes while the lease holds. After that it is for whoever takes over to see what is there.
        if (!membership.isTrusted) throw databaseFailure(place, 'written', error);
        await sleep(ASK_AGAIN_AFTER_MS);
      }
    }
  }

  /** False: the lease is lost. */
  async #attempt(statement: string, count: number, wasUnanswered: boolean): Promise<boolean> {
    const [row] = await this.#start.database.transact(statement);
    if (row === undefined) throw new Error('no row');
    const next = this.#last + count;
    const before = Number(row.was);
    const isThere = row.is_stored === true || (wasUnanswered && before === next && row.is_ours === true);
    if (!isThere && row.is_held === true && before !== this.#last) throw wentBack(this.#start.place);
    if (isThere) this.#last = next;
    return isThere;
  }

  #statement(records: readonly StateRecord[], extent: Extent): string {
    const { membership, state, epoch, account } = this.#start;
    const [key, writer] = [literal(state), literal(membership.id)];
    const next = this.#last + records.length;
    const values = literal(JSON.stringify(records));
    const before = `DELETE FROM copernica_webhooks.record r USING head WHERE r.state = head.state AND r.number <= ${this.#last}`;
    return `WITH fence AS (
  SELECT l.epoch FROM copernica_webhooks.lease l JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = ${key} AND l.purpose = 'write' AND l.holder = ${writer} AND l.epoch = ${epoch}
    AND p.expires_at > statement_timestamp()
  FOR SHARE OF l
), head AS (
  UPDATE copernica_webhooks.state SET last = ${next}${accountChange(records, account)}
  WHERE state = ${key} AND last = ${this.#last} AND EXISTS (SELECT FROM fence)
  RETURNING state
)${extent === 'isAll' ? `, replaced AS (${before})` : ''}, added AS (
  INSERT INTO copernica_webhooks.record (state, number, writer, epoch, record)
  SELECT head.state, ${this.#last} + new.ordinality, ${writer}, ${epoch}, new.value
  FROM head, json_array_elements(${values}) WITH ORDINALITY AS new
)
SELECT EXISTS (SELECT FROM head) AS is_stored, EXISTS (SELECT FROM fence) AS is_held, s.last AS was,
  EXISTS (SELECT FROM copernica_webhooks.record r
          WHERE r.state = s.state AND r.number = ${next} AND r.writer = ${writer} AND r.epoch = ${epoch}) AS is_ours
FROM copernica_webhooks.state s WHERE s.state = ${key}`;
  }
}

/** The account is that of one state in the database: one that has moved away leaves it to where it has moved to. */
function accountChange(records: readonly StateRecord[], account: string): string {
  const last = records.findLast(({ type }) => type === 'header' || type === 'moved' || type === 'arrived');
  if (last === undefined) return '';
  return `, account = ${last.type === 'moved' ? 'NULL' : literal(account)}`;
}

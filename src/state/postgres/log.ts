import { setTimeout as sleep } from 'node:timers/promises';
import { compact, isMostlyDead } from '../compact.js';
import type { FoldedState } from '../folded-state.js';
import type { RecordLog } from '../journal.js';
import type { RecordOf } from '../records.js';
import { type Database, literal } from './database.js';
import { databaseFailure, isUnanswered, leaseLost, wentBack } from './failures.js';
import type { Membership } from './membership.js';

export interface LogStart {
  readonly place: string;
  readonly database: Database;
  readonly membership: Membership;
  readonly state: string;
  readonly epoch: number;
  /** The number of the last record, and how many there are. */
  readonly last: number;
  readonly records: number;
}

interface StoreOptions {
  /** The state belongs to it from then on. */
  readonly account?: string;
  /** These are all the records that there are then. */
  readonly isAll?: boolean;
}

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

  async append(jsons: readonly string[]): Promise<void> {
    await this.#store(jsons);
    this.#records += jsons.length;
  }

  /** The first record of all, with the account that the state belongs to from then on. */
  async begin(json: string, account: string): Promise<void> {
    await this.#store([json], { account });
    this.#records = 1;
  }

  async finish(state: FoldedState): Promise<void> {
    if (!isMostlyDead(this.#records, state)) return;
    const jsons = [...compact(state)].map((record) => JSON.stringify(record));
    await this.#store(jsons, { isAll: true });
    this.#records = jsons.length;
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

  async #store(jsons: readonly string[], options: StoreOptions = {}): Promise<void> {
    const { place, membership } = this.#start;
    const statement = this.#statement(jsons, options);
    for (let wasUnanswered = false; ; wasUnanswered = true) {
      try {
        const stored = await this.#attempt(statement, jsons.length, wasUnanswered);
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

  #statement(jsons: readonly string[], { account, isAll = false }: StoreOptions): string {
    const { membership, state, epoch } = this.#start;
    const [key, writer] = [literal(state), literal(membership.id)];
    const next = this.#last + jsons.length;
    const before = `DELETE FROM copernica_webhooks.record r USING head WHERE r.state = head.state AND r.number <= ${this.#last}`;
    return `WITH fence AS (
  SELECT l.epoch FROM copernica_webhooks.lease l JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = ${key} AND l.purpose = 'write' AND l.holder = ${writer} AND l.epoch = ${epoch}
    AND p.expires_at > statement_timestamp()
  FOR SHARE OF l
), head AS (
  UPDATE copernica_webhooks.state SET last = ${next}${account === undefined ? '' : `, account = ${literal(account)}`}
  WHERE state = ${key} AND last = ${this.#last} AND EXISTS (SELECT FROM fence)
  RETURNING state
)${isAll ? `, replaced AS (${before})` : ''}, added AS (
  INSERT INTO copernica_webhooks.record (state, number, writer, epoch, record)
  SELECT head.state, ${this.#last} + new.ordinality, ${writer}, ${epoch}, new.value
  FROM head, json_array_elements(${literal(`[${jsons.join()}]`)}) WITH ORDINALITY AS new
)
SELECT EXISTS (SELECT FROM head) AS is_stored, EXISTS (SELECT FROM fence) AS is_held, s.last AS was,
  EXISTS (SELECT FROM copernica_webhooks.record r
          WHERE r.state = s.state AND r.number = ${next} AND r.writer = ${writer} AND r.epoch = ${epoch}) AS is_ours
FROM copernica_webhooks.state s WHERE s.state = ${key}`;
  }
}

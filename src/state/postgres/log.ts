import { compact, isMostlyDead } from '../compact.js';
import type { FoldedState } from '../folded-state.js';
import type { RecordLog } from '../journal.js';
import type { RecordOf, StateRecord } from '../records.js';
import type { Clock } from './clock.js';
import { databaseFailure, isUnanswered, leaseLost, wentBack } from './failures.js';
import type { Membership } from './membership.js';
import type { HeldLease, RecordGroup, Tables } from './tables.js';

export interface LogStart {
  readonly place: string;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly membership: Membership;
  readonly lease: HeldLease;
  /** The account that the state belongs to. */
  readonly account: string;
  /** The number of the last record, and how many records there are. */
  readonly last: number;
  readonly records: number;
}

const ASK_AGAIN_AFTER_MS = 200;

/**
 * The records of one state while this process has its lease. A group is stored only if the lease holds and the last
 * stored record is the one that this process knows. So a group whose answer was lost can be sent again: only one of the
 * two attempts finds that record.
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

  /** The number of the last record known to be stored. */
  get last(): number {
    return this.#last;
  }

  async append(records: readonly StateRecord[]): Promise<void> {
    await this.#store(records, false);
    this.#records += records.length;
  }

  /** Replaces all records by these, at once. */
  async replace(records: readonly StateRecord[]): Promise<void> {
    await this.#store(records, true);
    this.#records = records.length;
  }

  async finish(state: FoldedState): Promise<void> {
    if (isMostlyDead(this.#records, state)) await this.replace([...compact(state)]);
  }

  async close(): Promise<void> {
    // Whoever took the lease gives it back.
  }

  /** Saves what an answer said: it stays true, and the lease's next holder takes it in. Never rejects. */
  async saveOutcome(record: RecordOf<'late'>): Promise<void> {
    const { tables, lease } = this.#start;
    await tables.saveOutcome(lease.state, record).catch(() => undefined);
  }

  async #store(records: readonly StateRecord[], isAll: boolean): Promise<void> {
    const { place, membership, clock, account } = this.#start;
    const group = { records, last: this.#last, isAll, ...accountChange(records, account) };
    for (let wasUnanswered = false; ; wasUnanswered = true) {
      try {
        const isThere = await this.#attempt(group, wasUnanswered);
        if (isThere) return;
        throw leaseLost(place);
      } catch (error) {
        if (!isUnanswered(error)) throw databaseFailure(place, 'written', error);
        // While the lease holds, nobody else writes. After that, the next holder finds out what was stored.
        if (!membership.isTrusted) throw databaseFailure(place, 'written', error);
        await clock.sleep(ASK_AGAIN_AFTER_MS);
      }
    }
  }

  /** False: the lease is lost. */
  async #attempt(group: RecordGroup, wasUnanswered: boolean): Promise<boolean> {
    const { tables, lease, place } = this.#start;
    const { isStored, isHeld, was, isOurs } = await tables.append(lease, group);
    const next = this.#last + group.records.length;
    const isThere = isStored || (wasUnanswered && was === next && isOurs);
    if (!isThere && isHeld && was !== this.#last) throw wentBack(place);
    if (isThere) this.#last = next;
    return isThere;
  }
}

/** An account belongs to one state in the database: a state that moves away leaves it to the place it moves to. */
function accountChange(records: readonly StateRecord[], account: string): Pick<RecordGroup, 'account'> {
  const last = records.findLast(({ type }) => type === 'header' || type === 'moved' || type === 'arrived');
  if (last === undefined) return {};
  return { account: last.type === 'moved' ? null : account };
}

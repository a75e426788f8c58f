import type { StateRecord } from '../records.js';
import type { Holder } from '../store.js';

/**
 * What the store asks of the tables of one database. Each call on rows is one statement in a transaction of its own, and
 * rejects with what the driver says: then nobody knows whether it was carried out, unless it is the server itself that refused.
 *
 * Expiry is judged by the clock of the database alone.
 */
export interface Tables {
  /** False: nothing was ever kept there. Throws ProductError for a schema that this program can't read. */
  readyToRead(place: string): Promise<boolean>;
  /** Makes what is missing, where that may be begun. False: nothing is there, and nothing may be begun. */
  readyToWrite(place: string, mayBegin: boolean): Promise<boolean>;

  /** Adds the row of a process, good for so many milliseconds. */
  enrol(process: string, about: Holder, leaseMs: number): Promise<void>;
  /** Good for so long from now. False: it has expired or is gone, and nothing was changed. */
  renew(process: string, leaseMs: number): Promise<boolean>;
  leave(process: string): Promise<void>;

  /** The key of the state of this name. Null: there is none. */
  find(name: string): Promise<string | null>;
  /** Makes the state of this name, where there is none, with nothing recorded. */
  begin(name: string): Promise<void>;
  /** All of the state of this name, in their order. */
  records(name: string): Promise<readonly StoredRecord[]>;
  /** The name of another state in which this account is. Null: there is none. */
  otherStateOf(account: string, state: string): Promise<string | null>;

  /**
   * Takes the lease if it is free: nobody's, or that of a process which has expired or is gone. Waits for a write of its
   * holder that is under way.
   */
  take(wanted: LeaseWanted): Promise<TakenLease | { readonly by: Holder }>;
  /** The time by the clock of the database. */
  now(): Promise<Date>;
  /** Of a lease that was lost this changes nothing. `epoch` null: whatever it is. */
  giveBack(lease: Omit<HeldLease, 'epoch'> & { readonly epoch: number | null }): Promise<void>;
  /** Who may write to the state of this name. Null: nobody. */
  holder(name: string): Promise<Holder | null>;

  /**
   * Stores the records if the lease holds and the last record is the one that the writer knows: all of them or none,
   * flushed when it is answered.
   */
  append(lease: HeldLease, group: RecordGroup): Promise<Appended>;
  /** False: the lease is lost. */
  setManifests(lease: HeldLease, manifests: readonly string[]): Promise<boolean>;

  /** What an answer said to a process that may have lost its lease. */
  saveOutcome(state: string, record: StateRecord): Promise<void>;
  outcomes(state: string): Promise<readonly SavedOutcome[]>;
  dropOutcomes(state: string, keys: readonly string[]): Promise<void>;
}

/** The right to write to a state, while the row of the process holds and nobody took it since. */
export interface HeldLease {
  readonly state: string;
  readonly process: string;
  /** Raised by whoever takes it. */
  readonly epoch: number;
}

export interface LeaseWanted {
  readonly state: string;
  readonly process: string;
  readonly about: Holder;
}

export interface TakenLease {
  readonly epoch: number;
  /** Until when the last of those could use it that did not give it back. Null: all did. */
  readonly predecessorUntil: Date | null;
  /** The number of the last record; 0: there is none. */
  readonly last: number;
  /** Digests of the manifests that were applied, the latest last. */
  readonly manifests: readonly string[];
}

export interface StoredRecord {
  readonly number: number;
  readonly record: unknown;
  /** Of whoever wrote it. */
  readonly process: string;
  readonly epoch: number;
}

export interface RecordGroup {
  readonly records: readonly StateRecord[];
  /** The number of the last record that the writer knows. */
  readonly last: number;
  /** All that were there before go, at once. */
  readonly isAll: boolean;
  /** Which account has this state from then on; null: none. Left out: as it is. */
  readonly account?: string | null;
}

export interface Appended {
  readonly isStored: boolean;
  readonly isHeld: boolean;
  /** The number of the last record before. */
  readonly was: number;
  /** The last record would have this number, and this writer wrote it under this lease. */
  readonly isOurs: boolean;
}

export interface SavedOutcome {
  readonly key: string;
  readonly record: unknown;
}

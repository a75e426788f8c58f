import type { StateRecord } from '../records.js';
import type { Holder } from '../store.js';

/**
 * What the store needs of the tables of one database. Each call on rows is one statement in its own transaction, and
 * rejects with the driver's error: then nobody knows whether it was carried out, unless the server itself refused it.
 *
 * Only the database's clock decides what has expired.
 */
export interface Tables {
  /** False: nothing was ever kept there. Throws ProductError for a schema that this program can't read. */
  readyToRead(place: string): Promise<boolean>;
  /** Creates what is missing, if that is allowed. False: nothing is there, and nothing may be begun. */
  readyToWrite(place: string, mayBegin: boolean): Promise<boolean>;

  /** Adds the row of a process, valid for this many milliseconds. */
  enrol(process: string, about: Holder, leaseMs: number): Promise<void>;
  /** Makes the row valid for this long from now. False: it has expired or is gone, and nothing was changed. */
  renew(process: string, leaseMs: number): Promise<boolean>;
  leave(process: string): Promise<void>;

  /** The key of the state with this name. Null: there is none. */
  find(name: string): Promise<string | null>;
  /** Creates the state with this name, without records, if there is none. */
  begin(name: string): Promise<void>;
  /** All records of the state with this name, in order. */
  records(name: string): Promise<readonly StoredRecord[]>;
  /** The name of another state that belongs to this account. Null: there is none. */
  otherStateOf(account: string, state: string): Promise<string | null>;

  /**
   * Takes the lease if it is free: nobody has it, or its process has expired or is gone. Waits for a write of its
   * holder that is under way.
   */
  take(wanted: LeaseWanted): Promise<TakenLease | { readonly by: Holder }>;
  /** The time by the database's clock. */
  now(): Promise<Date>;
  /** Changes nothing if the lease was lost. `epoch` null: any. */
  giveBack(lease: Omit<HeldLease, 'epoch'> & { readonly epoch: number | null }): Promise<void>;
  /** Who may write to the state with this name. Null: nobody. */
  holder(name: string): Promise<Holder | null>;

  /**
   * Stores all of the records or none: only if the lease holds and the last record is the one that the writer knows.
   * They are flushed when the answer comes.
   */
  append(lease: HeldLease, group: RecordGroup): Promise<Appended>;
  /** False: the lease is lost. */
  setManifests(lease: HeldLease, manifests: readonly string[]): Promise<boolean>;

  /** Saves what an answer said to a process that may have lost its lease. */
  saveOutcome(state: string, record: StateRecord): Promise<void>;
  outcomes(state: string): Promise<readonly SavedOutcome[]>;
  dropOutcomes(state: string, keys: readonly string[]): Promise<void>;
}

/** The right to write to a state, while the row of the process is valid and nobody else has taken the lease. */
export interface HeldLease {
  readonly state: string;
  readonly process: string;
  /** Raised each time the lease is taken. */
  readonly epoch: number;
}

export interface LeaseWanted {
  readonly state: string;
  readonly process: string;
  readonly about: Holder;
}

export interface TakenLease {
  readonly epoch: number;
  /** Until when the last of the earlier holders that did not give it back could use it. Null: all gave it back. */
  readonly predecessorUntil: Date | null;
  /** The number of the last record; 0: there are none. */
  readonly last: number;
  /** Digests of the manifests that were applied, the latest last. */
  readonly manifests: readonly string[];
}

export interface StoredRecord {
  readonly number: number;
  readonly record: unknown;
  /** The writer's process and lease. */
  readonly process: string;
  readonly epoch: number;
}

export interface RecordGroup {
  readonly records: readonly StateRecord[];
  /** The number of the last record that the writer knows. */
  readonly last: number;
  /** Replaces all earlier records, at once. */
  readonly isAll: boolean;
  /** The account that has this state from then on; null: none. Left out: unchanged. */
  readonly account?: string | null;
}

export interface Appended {
  readonly isStored: boolean;
  readonly isHeld: boolean;
  /** The number of the last record before this one. */
  readonly was: number;
  /** A record with the number of the last new one is there, and this writer wrote it under this lease. */
  readonly isOurs: boolean;
}

export interface SavedOutcome {
  readonly key: string;
  readonly record: unknown;
}

import { type Problem, type ProductError, productError } from '../errors.js';
import type { StateRecord } from './records.js';
import type { State } from './state.js';

/**
 * Where the state of one account is kept: a journal of records, and the right to add to it, which one process has at a
 * time. Whoever uses a store knows nothing of files.
 *
 *     read() ──→ State                          any time, beside a writer
 *     take() ──→ StateLease ──open()────→ OpenJournal ──write(), flush()──→ …
 *                     │     └─create()──→      │
 *                     └───────── release() ────┘   once, whatever happened
 *
 * Every failure that a user can act on is a ProductError: `refused` where going on could double webhooks (another holds
 * the lease, what is stored is damaged or of a later version), `failed` where it did not work.
 */
export interface StateStore {
  /** What the user calls it, for messages. */
  readonly place: string;

  /**
   * What is durable now, without lease and without repair. Null: nothing was ever recorded. Refused where the state has
   * moved to another place: what is left here says less every day.
   */
  read(): Promise<State | null>;

  /** Who has the lease now. Changes nothing. */
  holder(): Promise<Holder | 'nobody' | 'somebody'>;

  /** Takes the lease, for one run. Waits for it as long as it is told to. */
  take(options: TakeOptions): Promise<StateLease>;
}

export interface TakeOptions {
  readonly holder: Holder;
  /** How long to wait for another to give the lease back, in milliseconds. 0: not at all. */
  readonly timeoutMs: number;
  /** What is missing to keep a state there may be made: this is the first run. A file needs nothing. */
  readonly mayBegin?: boolean;
  /** A state that has moved to another place is opened, too: only copying may. */
  readonly mayHaveMoved?: boolean;
  /** Called once, when another has the lease and it is waited for. */
  readonly onWaiting?: (holder: Holder | 'somebody') => void;
  /** Called with what had to be repaired before anything could be recorded. */
  readonly onRepaired?: (warning: Problem) => void;
}

/** The right to write to a store. It ends with `release`, with its process, or by being lost. */
export interface StateLease {
  readonly place: string;

  /** The time by the clock of where the state is kept, which belongs into records. Left out: that of this machine. */
  now?(): Date;

  /**
   * Reads the state afresh, repairs what a crash left half written, and opens it. Null: nothing was ever recorded.
   * One of `open` and `create` gives the journal, once for a lease. Refused where the state has moved. The state that it
   * gives may be the object that an earlier lease of this store gave, gone on with.
   */
  open(): Promise<OpenJournal | null>;

  /** Begins a state that belongs to this account, durable when this resolves. Refused where there is one. */
  create(account: string): Promise<OpenJournal>;

  /**
   * Writes these records, the first of which is a header, in place of all that is there: all at once, and durable when
   * this resolves. Once for a lease; what `open` gave before is not to be used any more.
   */
  replace(records: readonly StateRecord[]): Promise<OpenJournal>;

  /** Which manifests were applied to this state. Left out: one machine has the state, and its file is the latest. */
  readonly manifests?: {
    /** Their digests, each once, the latest last. */
    readonly applied: readonly string[];
    /** This one is about to be applied. Rejects when that can't be recorded. */
    add(digest: string): Promise<void>;
  };

  /** Throws once something could not be recorded, or the lease is lost: nothing may be sent from then on. */
  assertSound(): void;

  /**
   * Flushes, tidies up and gives the lease back, also when the former two fail. Rejects when something that was written
   * is not durable, or when the lease was lost: what this run recorded may not be in the state then.
   */
  release(): Promise<void>;
}

/**
 * A state that is open for writing.
 *
 * One failure ends it: after a flush that failed nobody knows what of it is stored, so nothing is tried again. That the
 * lease was lost in the middle (a file that was replaced, a lease that another took over) is such a failure: it is
 * found when something is to be stored, and whatever was flushed before is stored.
 */
export interface OpenJournal {
  /** What all records say, durable or not. Live: the same object, changed by every `write`. */
  readonly state: State;

  /**
   * Until when those who had the lease before may have begun to send what they left open. Null, or left out: all had
   * ended when the lease was taken.
   */
  readonly predecessorUntil?: Date | null;

  /**
   * Adds a record: it is in `state` at once, and durable after the next `flush`. Throws, and changes nothing:
   * the error of the first failure, once there was one; for a record that could not be read back, which is a mistake of
   * this program; and after `release`.
   */
  write(record: StateRecord): void;

  /**
   * Resolves when every record written so far survives the end of the process and of the machine. Records written while
   * one flush is under way are stored together in the next. Rejects when that can't be: with the same error from then
   * on, and a later reader finds a beginning of what was written, which holds all that an earlier flush resolved for.
   */
  flush(): Promise<void>;
}

/** Who has a lease, for messages to others. `since` is ISO 8601, UTC. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly command: string;
  /** The number of its user, where the system has such numbers. */
  readonly uid?: number;
}

/** For people. */
export function describeHolder(holder: Holder | 'somebody'): string {
  if (holder === 'somebody') return 'another process';
  const { pid, host, command, since } = holder;
  return `pid ${pid} on host ${host} (${command}) since ${since}`;
}

export function movedFailure(place: string, to: string): ProductError {
  return productError('refused', {
    code: 'state-moved',
    message: `the state is not in ${place} any more: it has moved to ${to}`,
    remedy: 'give that place with --state; if a `state copy` was cut short, run the same command again',
  });
}

/** Throws ProductError of kind `refused`. */
export function assertNotMoved(place: string, { moved }: State): void {
  if (moved !== null) throw movedFailure(place, moved.to);
}

import { type Problem, type ProductError, productError } from '../errors.js';
import type { StateRecord } from './records.js';
import type { State } from './state.js';

/**
 * Where the state of one account is kept: a journal of records, and the right to add to it, which only one process has
 * at a time. Users of a store know nothing of files.
 *
 *     read() ──→ State                          any time, beside a writer
 *     take() ──→ StateLease ──open()────→ OpenJournal ──write(), flush()──→ …
 *                     │     └─create()──→      │
 *                     └───────── release() ────┘   once, whatever happened
 *
 * Every failure that a user can act on is a ProductError: `refused` if going on could create webhooks twice (another
 * process holds the lease, the state is damaged or of a later version), `failed` if it did not work.
 */
export interface StateStore {
  /** How messages name it. */
  readonly place: string;

  /**
   * The state as it is stored now, without lease or repair. Null: nothing was ever recorded. Refused if the state has
   * moved to another place, since what is left here is out of date.
   */
  read(): Promise<State | null>;

  /** Who has the lease now. Changes nothing. */
  holder(): Promise<Holder | 'nobody' | 'somebody'>;

  /** Takes the lease for one run, and waits for it up to `timeoutMs`. */
  take(options: TakeOptions): Promise<StateLease>;
}

export interface TakeOptions {
  readonly holder: Holder;
  /** How long to wait for another process to give the lease back, in milliseconds. 0: not at all. */
  readonly timeoutMs: number;
  /** This is the first run, so whatever a store needs may be created. A file needs nothing. */
  readonly mayBegin?: boolean;
  /** Also open a state that has moved to another place: only copying may. */
  readonly mayHaveMoved?: boolean;
  /** Called once if another process has the lease and this one waits for it. */
  readonly onWaiting?: (holder: Holder | 'somebody') => void;
  /** Called for each repair that was needed before anything could be recorded. */
  readonly onRepaired?: (warning: Problem) => void;
}

/** The right to write to a store. It ends with `release`, with its process, or when it is lost. */
export interface StateLease {
  readonly place: string;

  /** The time for records, by the clock of the place of the state. Left out: this machine's time. */
  now?(): Date;

  /**
   * Reads the state afresh, repairs what a crash left half written, and opens it. Null: nothing was ever recorded. A
   * lease gives one journal, from either `open` or `create`. Refused if the state has moved. Its state may be the same
   * object that an earlier lease of this store gave, which has been continued.
   */
  open(): Promise<OpenJournal | null>;

  /** Begins a state for this account, durable when this resolves. Refused if there is one already. */
  create(account: string): Promise<OpenJournal>;

  /**
   * Replaces everything by these records, of which the first is a header: all at once, and durable when this resolves.
   * Once for each lease; a journal that `open` gave before must not be used any more.
   */
  replace(records: readonly StateRecord[]): Promise<OpenJournal>;

  /** Which manifests were applied to this state. Left out: only one machine has it, so its file is the latest. */
  readonly manifests?: {
    /** Their digests, each once, the latest last. */
    readonly applied: readonly string[];
    /** Records that this one is about to be applied. Rejects if that fails. */
    add(digest: string): Promise<void>;
  };

  /** Throws once a record could not be stored or the lease is lost: nothing may be sent from then on. */
  assertSound(): void;

  /**
   * Flushes, tidies up and gives the lease back, even if flushing or tidying fails. Rejects if a written record is not
   * durable or the lease was lost: what this run recorded may then not be in the state.
   */
  release(): Promise<void>;
}

/**
 * A state that is open for writing.
 *
 * One failure ends it: after a failed flush nobody knows what was stored, so nothing is tried again. Losing the lease
 * in the middle (the file was replaced, or another process took the lease over) is such a failure: it shows at the next
 * flush, and everything flushed before is stored.
 */
export interface OpenJournal {
  /** What all records say, durable or not. Always the same object, which every `write` changes. */
  readonly state: State;

  /**
   * Until when former holders of the lease may have begun to send the intents they left open. Null, or left out: all of
   * them had ended when the lease was taken.
   */
  readonly predecessorUntil?: Date | null;

  /**
   * Adds a record: it is in `state` at once, and durable after the next `flush`. Throws and changes nothing: after a
   * failure, with its error; after `release`; and for a record that could not be read back, which would be a bug of
   * this program.
   */
  write(record: StateRecord): void;

  /**
   * Resolves when every record written so far survives the end of the process and of the machine. Records written
   * during a flush are stored together by the next. Rejects if that fails, from then on with the same error: a later
   * reader then finds a beginning of what was written, which includes everything that an earlier flush resolved for.
   */
  flush(): Promise<void>;
}

/** Who has a lease, for messages to others. `since` is ISO 8601, UTC. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly command: string;
  /** Number of the user, on systems that have such numbers. */
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

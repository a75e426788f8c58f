import type { Logger } from 'pino';
import type { CopernicaApi } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import type { StateRecord } from '../state/records.js';
import type { State } from '../state/state.js';
import type { ManifestEntry } from '../webhook.js';

/** The journal as reconciling needs it: facts go in, the folded state is always up to date. */
export interface OpenJournal {
  readonly state: State;
  /** Queues a record; it is in `state` at once, and on disk after the next `flush`. */
  write(record: StateRecord): void;
  /** Resolves when everything written so far is on disk. */
  flush(): Promise<void>;
}

/** The state file under its lock, for the length of one run. */
export interface LockedState {
  /** Its path, for messages. */
  readonly file: string;
  /** Null: there is no state file yet. */
  open(): Promise<OpenJournal | null>;
  create(account: string): Promise<OpenJournal>;
  /** Flushes, tidies up, closes and gives the lock back. */
  release(): Promise<void>;
}

/** Valid manifest with its warnings; an invalid one is thrown as ProductError of kind `input`. */
export interface ValidManifest {
  readonly entries: readonly ManifestEntry[];
  readonly warnings: readonly Problem[];
  /** False: it changed a moment ago, and may be half written, so what left it is not deleted yet. */
  readonly mayPrune?: boolean;
}

/** Everything that one reconciler touches outside of itself. One for each (manifest, token, state); nothing is global. */
export interface ReconcilerEdges {
  /** Reads it anew. What is acted on is what it said under the lock. */
  loadManifest(): Promise<ValidManifest>;
  lockState(): Promise<LockedState>;
  readonly api: CopernicaApi;
  /** The system's time. */
  now(): Date;
  /** A clock that begins with the system's time and goes on evenly, whatever becomes of that: for one run. */
  startClock(): () => Date;
  /** Resolves after so many milliseconds, or earlier when `stop` is aborted. */
  sleep(ms: number, stop: AbortSignal): Promise<void>;
  readonly log: Logger;
}

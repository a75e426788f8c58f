import type { Problem } from '../errors.js';
import type { Journal } from './journal.js';
import type { JournalFiles } from './journal-files.js';
import { createJournal, openJournal, readState } from './journal-open.js';
import { acquireLock, type LockOptions, type StateLock } from './lock.js';
import { lockedFiles } from './locked-files.js';
import type { State } from './state.js';

/** Reads the state without lock or repair. Null: there is none, or nothing was ever recorded. Throws ProductError. */
export async function readStateFile(path: string): Promise<State | null> {
  const reading = await readState(path);
  return reading.kind === 'state' ? reading.state : null;
}

export interface LockStateOptions extends LockOptions {
  /** Is told what was mended when the file was opened. */
  readonly onMended?: (warning: Problem) => void;
}

/** Takes the lock on a state file for one run. Throws ProductError when it is held or cannot be taken. */
export async function lockStateFile(path: string, options: LockStateOptions): Promise<LockedStateFile> {
  return new LockedStateFile(path, await acquireLock(path, options), options);
}

/** A state file under its lock. One journal is opened or created; `release` closes it and gives the lock back. */
export class LockedStateFile {
  /** Its path, as it was given. */
  readonly file: string;
  readonly #lock: StateLock;
  readonly #options: LockStateOptions;
  readonly #files: JournalFiles;
  #journal: Journal | null = null;

  constructor(path: string, lock: StateLock, options: LockStateOptions) {
    this.file = path;
    this.#lock = lock;
    this.#options = options;
    this.#files = lockedFiles(lock, path);
  }

  /** Null: there is no state file, or nothing was ever recorded in it. Throws ProductError. */
  async open(): Promise<Journal | null> {
    const opened = await openJournal(this.file, this.#files);
    for (const warning of opened?.mended ?? []) this.#options.onMended?.(warning);
    this.#journal = opened?.journal ?? null;
    return this.#journal;
  }

  /** Begins a state for this account, from when the lock was asked for. Throws ProductError. */
  async create(account: string): Promise<Journal> {
    const header = { account, createdAt: this.#options.holder.since, lineage: crypto.randomUUID() };
    this.#journal = await createJournal(this.file, header, this.#files);
    return this.#journal;
  }

  /** Throws ProductError once something could not be recorded: nothing may be sent from then on. */
  assertSound(): void {
    this.#journal?.assertSound();
  }

  /** Flushes, writes the file anew when it is mostly dead, closes it and gives the lock back. Throws ProductError. */
  async release(): Promise<void> {
    try {
      await this.#journal?.compactIfMostlyDead();
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#journal?.close();
    } finally {
      this.#lock.release();
    }
  }
}

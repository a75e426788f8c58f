import { errorCode } from '../../errors.js';
import type { OpenJournal, StateLease, StateStore, TakeOptions } from '../store.js';
import { type Disk, realDisk } from './disk.js';
import { existsFailure, notLockedFailure, stateFailure } from './failures.js';
import type { FileJournal } from './journal.js';
import { type FileLock, readLockHolder, takeLock } from './lock.js';
import { createJournal, openJournal, readStateFile } from './open.js';
import type { StateFile } from './replace.js';

/** A state in one local file. The lease is a lock of the kernel. */
export function fileStore(path: string, disk: Disk = realDisk): StateStore {
  return {
    place: path,
    read: () => readStateFile(path, disk),
    holder: () => readLockHolder(path, disk),
    take: async (options) => new FileLease(path, await takeLock(path, disk, options), options),
  };
}

/** A state file under its lock. */
class FileLease implements StateLease {
  readonly place: string;
  readonly #lock: FileLock;
  readonly #where: StateFile;
  readonly #options: TakeOptions;
  #journal: FileJournal | null = null;

  constructor(path: string, lock: FileLock, options: TakeOptions) {
    this.place = path;
    this.#lock = lock;
    this.#where = { path, target: lock.target, disk: lock.disk };
    this.#options = options;
  }

  async open(): Promise<OpenJournal | null> {
    if (this.#journal !== null) return this.#journal;
    const { state } = this.#lock;
    if (state === null) return this.#assertStillNone();
    const opened = await openJournal(this.#where, state);
    for (const warning of opened?.repaired ?? []) this.#options.onRepaired?.(warning);
    this.#journal = opened?.journal ?? null;
    return this.#journal;
  }

  async create(account: string): Promise<OpenJournal> {
    if ((await this.open()) !== null) throw existsFailure(this.place);
    const header = { account, createdAt: this.#options.holder.since, lineage: crypto.randomUUID() };
    this.#journal = await createJournal(this.#where, header, this.#lock.state);
    return this.#journal;
  }

  assertSound(): void {
    this.#journal?.assertSound();
  }

  async release(): Promise<void> {
    try {
      await (this.#journal ?? this.#lock.state)?.close();
    } finally {
      await this.#lock.release();
    }
  }

  /** A file that came there after the lock was taken is not locked, and is somebody else's. */
  async #assertStillNone(): Promise<null> {
    const { path, target, disk } = this.#where;
    const isThere = await disk.stat(target).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'ENOENT') return false;
        throw stateFailure(path, 'opened for writing', error);
      },
    );
    if (isThere) throw notLockedFailure(path);
    return null;
  }
}

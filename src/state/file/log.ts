import { errorCode } from '../../errors.js';
import { compact, isMostlyDead } from '../compact.js';
import type { FoldedState } from '../folded-state.js';
import type { RecordLog } from '../journal.js';
import type { StateRecord } from '../records.js';
import { type FileFacts, isSameFile } from './disk.js';
import { replacedFailure, stateFailure } from './failures.js';
import { encodeLines } from './line.js';
import type { RememberedFile } from './remembered.js';
import { replaceByCompacted, type StateFile, syncFolderOf, type WholeFile } from './replace.js';

export interface LogStart {
  readonly where: StateFile;
  readonly begin: WholeFile;
  /** True: the file's name is on disk, too. False for a file that was found: its creator may have died before that. */
  readonly isNameFlushed: boolean;
  /** Is told at the end what is on disk, and the state it folds to. */
  readonly remembered: RememberedFile;
}

/**
 * The state file while it is open for writing, under its lock. After a failure it is cut back to what was flushed
 * before, if that is possible.
 *
 * Before and after each write the file must be as this program left it. If it is not, something else writes to it in
 * spite of the locks: its content is unknown, and what is written now could not be found again.
 */
export class FileLog implements RecordLog {
  readonly #where: StateFile;
  readonly #remembered: RememberedFile;
  #now: WholeFile;
  #isNameFlushed: boolean;

  constructor(start: LogStart) {
    this.#where = start.where;
    this.#remembered = start.remembered;
    this.#now = start.begin;
    this.#isNameFlushed = start.isNameFlushed;
  }

  async append(records: readonly StateRecord[]): Promise<void> {
    try {
      await this.#append(records.map((record) => JSON.stringify(record)));
    } catch (error) {
      throw stateFailure(this.#where.path, 'written', error);
    }
  }

  async finish(state: FoldedState): Promise<void> {
    if (isMostlyDead(this.#now.records, state)) await this.#compact(state);
    await this.#assertOurs();
    this.#remembered.remember(this.#now, state);
  }

  async close(): Promise<void> {
    await this.#now.file.close().catch(() => undefined);
  }

  async #append(jsons: readonly string[]): Promise<void> {
    await this.#assertOurs();
    const { file, bytes: end, hash, records, lastCrc } = this.#now;
    const { bytes, crc } = encodeLines(jsons, lastCrc);
    let written: FileFacts;
    try {
      await file.write(bytes, end);
      [written] = await Promise.all([file.stat(), file.datasync()]);
      if (!this.#isNameFlushed) await syncFolderOf(this.#where);
      this.#isNameFlushed = true;
    } catch (error) {
      // Unflushed records must not stay and count as recorded. If this fails too, the next start cuts them off.
      await file.truncate(end).catch(() => undefined);
      throw error;
    }
    hash.update(bytes);
    this.#now = { file, bytes: end + bytes.length, hash, records: records + jsons.length, lastCrc: crc };
    // Something else may have written at the same moment: then these records are not where they should be.
    this.#assertLength(written);
  }

  async #compact(state: FoldedState): Promise<void> {
    // A file that somebody else put there must not be replaced.
    await this.#assertOurs();
    try {
      const compacted = await replaceByCompacted(this.#where, this.#now.file, compact(state));
      if (compacted === null) return;
      await this.close();
      this.#now = compacted;
      await syncFolderOf(this.#where);
    } catch (error) {
      throw stateFailure(this.#where.path, 'replaced by its compacted form', error);
    }
  }

  /** Throws if the path leads to another file than the open one, or to none, or if something else wrote to it. */
  async #assertOurs(): Promise<void> {
    const { path, target, disk } = this.#where;
    try {
      const [open, there] = await Promise.all([this.#now.file.stat(), disk.stat(target)]);
      if (!isSameFile(open, there) || open.nlink === 0n) throw replacedFailure(path, 'removed or replaced');
      this.#assertLength(open);
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
      throw isGone ? replacedFailure(path, 'removed or replaced') : stateFailure(path, 'found again', error);
    }
  }

  #assertLength({ size }: FileFacts): void {
    if (Number(size) !== this.#now.bytes) throw replacedFailure(this.#where.path, 'changed');
  }
}

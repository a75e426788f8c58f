import { setImmediate } from 'node:timers/promises';
import { errorCode, type ProductError } from '../../errors.js';
import { compact } from '../compact.js';
import { applyRecord } from '../fold.js';
import type { FoldedState } from '../folded-state.js';
import { asRecord, type StateRecord } from '../records.js';
import type { State } from '../state.js';
import type { OpenJournal } from '../store.js';
import { type FileFacts, isSameFile, type OpenFile } from './disk.js';
import { replacedFailure, stateFailure } from './failures.js';
import { encodeLines } from './line.js';
import { isMostlyDead, replaceByCompacted, type StateFile, syncFolderOf } from './replace.js';

/** Where a journal stands: the file is open, whole, and ends at `bytes`. */
export interface JournalStart {
  readonly where: StateFile;
  readonly file: OpenFile;
  readonly state: FoldedState;
  readonly bytes: number;
  readonly records: number;
  readonly lastCrc: number;
  /** The file's name is on disk, too. False for one that was found: who made it may have died before. */
  readonly isNameFlushed: boolean;
}

/**
 * The state file while it is open for writing, under its lock.
 *
 * Records are flushed in groups: while one write and its flush are under way, those that follow wait, and then go in
 * one write together. So a change costs its own size, and ten changes at once cost hardly more flushes than one.
 *
 * One failure ends it: the file is cut back to the last flush where that is possible. After a failed flush the kernel
 * may forget what it could not write, so that a second flush "works": it is never asked.
 *
 * Before and after each write the file must be as this journal left it. Otherwise something else writes it, whatever
 * the locks say, and neither is what stands there known, nor would what is written be found again.
 */
export class FileJournal implements OpenJournal {
  readonly #where: StateFile;
  readonly #state: FoldedState;
  #file: OpenFile;
  #bytes: number;
  #records: number;
  #lastCrc: number;
  #isNameFlushed: boolean;
  /** JSON of records that are not yet written. What comes before them, and so their checks, is known only then. */
  #waiting: string[] = [];
  /** When those are on disk, and when what was written before them is. A failure goes on from one to the next. */
  #next: Promise<void> | null = null;
  #last: Promise<void> = Promise.resolve();
  #broken: ProductError | null = null;
  #closing: Promise<void> | null = null;

  constructor(start: JournalStart) {
    this.#where = start.where;
    this.#file = start.file;
    this.#state = start.state;
    this.#bytes = start.bytes;
    this.#records = start.records;
    this.#lastCrc = start.lastCrc;
    this.#isNameFlushed = start.isNameFlushed;
  }

  get state(): State {
    return this.#state;
  }

  write(record: StateRecord): void {
    this.assertSound();
    if (this.#closing !== null) throw new Error('the journal is closed');
    const checked = asRecord(record);
    if (typeof checked === 'string') throw new Error(`a record that ${checked}`);
    applyRecord(this.#state, record);
    this.#waiting.push(JSON.stringify(record));
    this.#next ??= this.#writeAfter(this.#last);
    // Whoever flushes is told; a failure that nobody waits for is no error of the process.
    this.#next.catch(() => undefined);
  }

  flush(): Promise<void> {
    return this.#next ?? this.#last;
  }

  assertSound(): void {
    if (this.#broken !== null) throw this.#broken;
  }

  /**
   * Flushes, writes the file anew when it is mostly dead, and closes it. Rejects with a ProductError of kind `failed`
   * when something that was written is not in the file.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
      if (isMostlyDead(this.#records, this.#state)) await this.#compact();
      await this.#assertOurs();
    } finally {
      await this.#file.close().catch(() => undefined);
    }
  }

  async #writeAfter(before: Promise<void>): Promise<void> {
    await before;
    // What the same turn of the event loop brings goes along.
    await setImmediate();
    const jsons = this.#waiting;
    this.#waiting = [];
    this.#last = this.#next ?? before;
    this.#next = null;
    try {
      await this.#append(jsons);
    } catch (error) {
      this.#broken = stateFailure(this.#where.path, 'written', error);
      throw this.#broken;
    }
  }

  async #append(jsons: readonly string[]): Promise<void> {
    await this.#assertOurs();
    const { bytes, crc } = encodeLines(jsons, this.#lastCrc);
    let written: FileFacts;
    try {
      await this.#file.write(bytes, this.#bytes);
      [written] = await Promise.all([this.#file.stat(), this.#file.datasync()]);
      if (!this.#isNameFlushed) await syncFolderOf(this.#where);
      this.#isNameFlushed = true;
    } catch (error) {
      // What was not flushed must not stay and be taken for recorded. Where this fails too, the next start cuts it off.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
    this.#bytes += bytes.length;
    // Something else may have written in this very moment: then this does not stand where it should.
    this.#assertLength(written);
    this.#records += jsons.length;
    this.#lastCrc = crc;
  }

  async #compact(): Promise<void> {
    // What somebody else put there must not be replaced.
    await this.#assertOurs();
    try {
      const compacted = await replaceByCompacted(this.#where, this.#file, compact(this.#state));
      if (compacted === null) return;
      await this.#file.close().catch(() => undefined);
      this.#file = compacted.file;
      this.#bytes = compacted.bytes;
      await syncFolderOf(this.#where);
    } catch (error) {
      throw stateFailure(this.#where.path, 'replaced by its compacted form', error);
    }
  }

  /** Throws when the path leads to another file than the one that is open, or to none, or when another wrote to it. */
  async #assertOurs(): Promise<void> {
    const { path, target, disk } = this.#where;
    try {
      const [open, there] = await Promise.all([this.#file.stat(), disk.stat(target)]);
      if (!isSameFile(open, there) || open.nlink === 0n) throw replacedFailure(path, 'removed or replaced');
      this.#assertLength(open);
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
      throw isGone ? replacedFailure(path, 'removed or replaced') : stateFailure(path, 'found again', error);
    }
  }

  #assertLength({ size }: FileFacts): void {
    if (Number(size) !== this.#bytes) throw replacedFailure(this.#where.path, 'changed');
  }
}

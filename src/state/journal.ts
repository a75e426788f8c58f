import { errorCode, type ProductError } from '../errors.js';
import { Batch, Deferred } from './batch.js';
import { compact, isMostlyDead, liveRecords } from './compact.js';
import { changedFailure, replacedFailure, stateFailure } from './failures.js';
import { applyRecord, type FoldedState } from './fold.js';
import { replaceByCompacted, syncFolderOf } from './journal-compaction.js';
import { type FileFacts, isSameFile, type JournalFile, type JournalFiles, writeAll } from './journal-files.js';
import { encodeLines } from './line.js';
import { asRecord, type StateRecord } from './records.js';
import type { State } from './state.js';

/** So many records are enough for a write: what it costs is then little beside what they cost. */
const RECORDS_PER_WRITE = 64;

/** Where a journal stands: the file is open, whole, and ends at `bytes`. */
export interface JournalStart {
  /** As the user wrote it, for messages. */
  readonly path: string;
  /** The same with symbolic links followed. */
  readonly target: string;
  readonly files: JournalFiles;
  readonly file: JournalFile;
  readonly state: FoldedState;
  readonly bytes: number;
  readonly records: number;
  readonly lastCrc: number;
  /** The file's name is on disk, too. False for one that was found: who made it may have died before. */
  readonly isNameFlushed: boolean;
}

export interface JournalStats {
  /** Lines in the file, and how many of them a compaction would do without. */
  readonly records: number;
  readonly dead: number;
  readonly bytes: number;
  /** Writes with their flush since the journal was opened. */
  readonly flushes: number;
}

/**
 * The state file while it is open for writing, under its lock.
 *
 * Records are flushed in groups: while one write and its flush are under way, those that follow wait, and then go in
 * one write together. So a change costs its own size, and ten changes at once cost hardly more flushes than one.
 *
 * One failure ends it: the file is cut back to the last flush where that is possible, and every write and flush from
 * then on fails with the same error. After a failed flush the kernel may forget what it could not write, so that a
 * second flush "works": it is never asked.
 *
 * Before and after each write the file must be as this journal left it. Otherwise something else writes it, whatever the locks
 * say, and neither is what stands there known, nor would what is written be found again.
 */
export class Journal {
  readonly #path: string;
  readonly #target: string;
  readonly #files: JournalFiles;
  readonly #state: FoldedState;
  #file: JournalFile;
  #bytes: number;
  #records: number;
  #lastCrc: number;
  #isNameFlushed: boolean;
  #flushes = 0;
  /** Records that wait for the next write, and those that are being written. */
  #waiting: Batch | null = null;
  #underWay: Batch | null = null;
  #compaction: Deferred<boolean> | null = null;
  #draining: Promise<void> | null = null;
  #broken: ProductError | null = null;
  #closing: Promise<void> | null = null;

  constructor(start: JournalStart) {
    this.#path = start.path;
    this.#target = start.target;
    this.#files = start.files;
    this.#file = start.file;
    this.#state = start.state;
    this.#bytes = start.bytes;
    this.#records = start.records;
    this.#lastCrc = start.lastCrc;
    this.#isNameFlushed = start.isNameFlushed;
  }

  /** What the records written so far say, flushed or not. Live: the same object, changed by every write. */
  get state(): State {
    return this.#state;
  }

  get stats(): JournalStats {
    const records = this.#records;
    return { records, dead: records - liveRecords(this.#state), bytes: this.#bytes, flushes: this.#flushes };
  }

  /**
   * Queues a record: in `state` at once, on disk after the next `flush`.
   * Throws ProductError of kind `failed` once the journal is broken, and ImpossibleRecord or Error for a record that
   * could not be read back, which is a mistake of the program: nothing of it is kept then.
   */
  write(record: StateRecord): void {
    this.assertSound();
    if (this.#closing !== null) throw new Error('the journal is closed');
    const checked = asRecord(record);
    if (typeof checked === 'string') throw new Error(`a record that ${checked}`);
    applyRecord(this.#state, record);
    this.#waiting ??= new Batch();
    this.#waiting.jsons.push(JSON.stringify(record));
    this.#startDraining();
  }

  /** Throws ProductError of kind `failed` once something could not be written. */
  assertSound(): void {
    if (this.#broken !== null) throw this.#broken;
  }

  /** Resolves when every record written so far is on disk. Throws ProductError of kind `failed`. */
  flush(): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    return (this.#waiting ?? this.#underWay)?.done.promise ?? Promise.resolve();
  }

  /**
   * Writes the file anew when that is worth it. False: it was not, or could not be done, and the file is as it was.
   * Throws ProductError of kind `failed`.
   */
  async compactIfMostlyDead(): Promise<boolean> {
    await this.flush();
    if (!isMostlyDead(this.#records, this.#state)) return false;
    this.#compaction ??= new Deferred();
    this.#startDraining();
    return this.#compaction.promise;
  }

  /** Flushes and closes. Throws ProductError of kind `failed` when something written before is not in the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
      await this.#draining;
      await this.#assertOurs();
    } finally {
      await this.#draining;
      await this.#file.close().catch(() => undefined);
    }
  }

  /** Only the drain touches the file, one step after the other. */
  #startDraining(): void {
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#broken === null) {
      await this.#gather();
      if (this.#waiting !== null) await this.#append(this.#waiting);
      else if (this.#compaction !== null) await this.#compact(this.#compaction);
      else break;
    }
    this.#draining = null;
  }

  /** Waits as long as each turn of the event loop brings more records, up to a number: one write for all of them. */
  async #gather(): Promise<void> {
    const gathered = () => this.#waiting?.jsons.length ?? 0;
    let before: number;
    do {
      before = gathered();
      await new Promise((resolve) => setImmediate(resolve));
    } while (gathered() > before && gathered() < RECORDS_PER_WRITE);
  }

  async #append(batch: Batch): Promise<void> {
    this.#waiting = null;
    this.#underWay = batch;
    try {
      await this.#assertOurs();
      const { bytes, crc } = encodeLines(batch.jsons, this.#lastCrc);
      await this.#writeDown(bytes);
      this.#flushes += 1;
      this.#bytes += bytes.length;
      // Something else may have written in this very moment: then this does not stand where it should.
      this.#assertLength(await this.#file.stat());
      this.#records += batch.jsons.length;
      this.#lastCrc = crc;
      batch.done.resolve();
    } catch (error) {
      this.#break(error, 'written');
    } finally {
      this.#underWay = null;
    }
  }

  async #writeDown(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, bytes, this.#bytes);
      await this.#file.datasync();
      if (!this.#isNameFlushed) await syncFolderOf(this.#files, this.#target);
      this.#isNameFlushed = true;
    } catch (error) {
      // What was not flushed must not stay and be taken for recorded. Where this fails too, the next start cuts it off.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
  }

  async #compact(result: Deferred<boolean>): Promise<void> {
    // Now, while nothing waits: what is written from here on comes after these in the new file.
    const records = [...compact(this.#state)];
    try {
      // What somebody else put there must not be replaced by this.
      await this.#assertOurs();
      const compacted = await replaceByCompacted(this.#files, this.#target, this.#file, records);
      if (compacted !== null) {
        await this.#file.close().catch(() => undefined);
        this.#file = compacted.file;
        this.#bytes = compacted.bytes;
        this.#records = compacted.records;
        this.#lastCrc = compacted.lastCrc;
        await syncFolderOf(this.#files, this.#target);
      }
      result.resolve(compacted !== null);
    } catch (error) {
      this.#break(error, 'replaced by its compacted form');
    } finally {
      this.#compaction = null;
    }
  }

  #break(error: unknown, done: string): void {
    const broken = stateFailure(this.#path, done, error);
    this.#broken = broken;
    for (const waiting of [this.#underWay?.done, this.#waiting?.done, this.#compaction]) waiting?.reject(broken);
    this.#waiting = null;
  }

  /** Throws when the path leads to another file than the one that is open, or to none, or when another wrote to it. */
  async #assertOurs(): Promise<void> {
    try {
      const [open, there] = [await this.#file.stat(), await this.#files.stat(this.#target)];
      if (!isSameFile(open, there) || open.links === 0) throw replacedFailure(this.#path);
      this.#assertLength(open);
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
      throw isGone ? replacedFailure(this.#path) : stateFailure(this.#path, 'found again', error);
    }
  }
  #assertLength({ size }: FileFacts): void {
    if (size !== this.#bytes) throw changedFailure(this.#path);
  }
}

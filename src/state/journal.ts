import { setImmediate } from 'node:timers/promises';
import { applyRecord } from './fold.js';
import type { FoldedState } from './folded-state.js';
import { asRecord, type RecordOf, type StateRecord } from './records.js';
import type { State } from './state.js';
import type { OpenJournal } from './store.js';

/** What a store brings along for a journal: where the records go, one after the other. */
export interface RecordLog {
  /**
   * Resolves when these records survive the end of the process and of the machine. After one failure it is not asked
   * again.
   */
  append(records: readonly StateRecord[]): Promise<void>;

  /** After the last append: writes the log anew where that pays. Rejects where what was appended is not in it. */
  finish(state: FoldedState): Promise<void>;

  /** Lets go of it, also after a failure. Never rejects. */
  close(): Promise<void>;

  /**
   * After a failure: an answer said that a webhook was made, which is true whoever goes on. Left out: there is no way
   * to record that any more. Never rejects.
   */
  saveOutcome?(record: RecordOf<'late'>): Promise<void>;
}

/**
 * Records are flushed in groups: while one append is under way, those that follow wait, and then go in one append
 * together. So a change costs its own size, and ten changes at once cost hardly more flushes than one.
 *
 * One failure ends it. After a failed flush the kernel may forget what it could not write, so that a second flush
 * "works": it is never asked.
 */
export class Journal implements OpenJournal {
  readonly #state: FoldedState;
  readonly #log: RecordLog;
  /** Records that are not yet appended. */
  #waiting: StateRecord[] = [];
  /** When those are on disk, and when what was written before them is. A failure goes on from one to the next. */
  #next: Promise<void> | null = null;
  #last: Promise<void> = Promise.resolve();
  #broken: { readonly error: unknown } | null = null;
  #closing: Promise<void> | null = null;
  #outcomes: Promise<void>[] = [];
  readonly predecessorUntil: Date | null;

  constructor(state: FoldedState, log: RecordLog, predecessorUntil: Date | null = null) {
    this.#state = state;
    this.#log = log;
    this.predecessorUntil = predecessorUntil;
  }

  get state(): State {
    return this.#state;
  }

  write(record: StateRecord): void {
    if (this.#broken !== null) this.#saveOutcomes([record]);
    this.assertSound();
    if (this.#closing !== null) throw new Error('the journal is closed');
    const checked = asRecord(record);
    if (typeof checked === 'string') throw new Error(`a record that ${checked}`);
    applyRecord(this.#state, record);
    this.#waiting.push(record);
    this.#next ??= this.#appendAfter(this.#last);
    // Whoever flushes is told; a failure that nobody waits for is no error of the process.
    this.#next.catch(() => undefined);
  }

  flush(): Promise<void> {
    return this.#next ?? this.#last;
  }

  assertSound(): void {
    if (this.#broken !== null) throw this.#broken.error;
  }

  /** Flushes and closes it. Rejects with a ProductError when something that was written is not there. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
      await this.#log.finish(this.#state);
    } finally {
      await Promise.all(this.#outcomes);
      await this.#log.close();
    }
  }

  async #appendAfter(before: Promise<void>): Promise<void> {
    await before;
    // What the same turn of the event loop brings goes along.
    await setImmediate();
    const records = this.#waiting;
    this.#waiting = [];
    this.#last = this.#next ?? before;
    this.#next = null;
    try {
      await this.#log.append(records);
    } catch (error) {
      this.#broken = { error };
      this.#saveOutcomes(records);
      throw error;
    }
  }

  #saveOutcomes(records: readonly StateRecord[]): void {
    for (const record of records) {
      const late = record.type === 'created' ? lateRecord(record, this.#state) : null;
      if (late !== null && this.#log.saveOutcome !== undefined) this.#outcomes.push(this.#log.saveOutcome(late));
    }
  }
}

/** Null: the record says nothing that this state could tell about. */
function lateRecord({ intent: number, id, at }: RecordOf<'created'>, state: State): RecordOf<'late'> | null {
  // Applied already, it is the entry's; else its intent is open.
  const made = state.intents.get(number) ?? state.entries.get(state.owners.get(id) ?? '');
  return made === undefined ? null : { type: 'late', intent: number, name: made.name, id, at, webhook: made.spec };
}

import { setImmediate } from 'node:timers/promises';
import { applyRecord } from './fold.js';
import type { FoldedState } from './folded-state.js';
import { asRecord, type RecordOf, type StateRecord } from './records.js';
import type { State } from './state.js';
import type { OpenJournal } from './store.js';

/** What a store provides for a journal: the place where records are appended. */
export interface RecordLog {
  /**
   * Resolves when these records survive the end of the process and of the machine. Not called again after a failure.
   */
  append(records: readonly StateRecord[]): Promise<void>;

  /** Called after the last append: rewrites the log if that is worth it. Rejects if appended records are missing. */
  finish(state: FoldedState): Promise<void>;

  /** Releases its resources, also after a failure. Never rejects. */
  close(): Promise<void>;

  /**
   * After a failure, saves the fact that an answer named a new webhook: it is true whoever goes on. Left out: nothing
   * can be recorded any more. Never rejects.
   */
  saveOutcome?(record: RecordOf<'late'>): Promise<void>;
}

/**
 * Flushes records in groups: those written during one append wait, and then go together in the next. So a change costs
 * only its own size, and ten changes at once hardly more flushes than one.
 *
 * One failure ends the journal. After a failed flush the kernel may forget what it could not write, so that a second
 * flush "works": it is never tried.
 */
export class Journal implements OpenJournal {
  readonly #state: FoldedState;
  readonly #log: RecordLog;
  /** Records that are not appended yet. */
  #waiting: StateRecord[] = [];
  /** Resolve when the waiting records are on disk, and when those before them are. A failure carries over. */
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
    // Whoever flushes gets the error; if nobody waits for it, it must not end the process.
    this.#next.catch(() => undefined);
  }

  flush(): Promise<void> {
    return this.#next ?? this.#last;
  }

  assertSound(): void {
    if (this.#broken !== null) throw this.#broken.error;
  }

  /** Flushes and closes the journal. Rejects with a ProductError if a written record is not stored. */
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
    // Records written in the same turn of the event loop are included.
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

/** Null: this state knows nothing of the record's webhook. */
function lateRecord({ intent: number, id, at }: RecordOf<'created'>, state: State): RecordOf<'late'> | null {
  // If the record was applied, the webhook is the entry's; if not, its intent is still open.
  const made = state.intents.get(number) ?? state.entries.get(state.owners.get(id) ?? '');
  return made === undefined ? null : { type: 'late', intent: number, name: made.name, id, at, webhook: made.spec };
}

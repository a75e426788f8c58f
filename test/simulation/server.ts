import { fold } from '../../src/state/fold.js';
import type {
  Appended,
  HeldLease,
  LeaseWanted,
  RecordGroup,
  SavedOutcome,
  StoredRecord,
  TakenLease,
} from '../../src/state/postgres/tables.js';
import type { StateRecord } from '../../src/state/records.js';
import type { State } from '../../src/state/state.js';
import type { Holder } from '../../src/state/store.js';
import type { VirtualTime } from './virtual-time.js';

interface Rows {
  readonly processes: Map<string, number>;
  holder: { readonly process: string; readonly about: Holder } | null;
  epoch: number;
  usedUntil: Date | null;
  last: number;
  manifests: readonly string[];
  records: readonly StoredRecord[];
  outcomes: readonly SavedOutcome[];
}

/** Is told what is done. */
export interface Watcher {
  /** `until`: when whoever had the lease before loses it, unless it was given back. */
  onTaken(until: Date | null): void;
  onStored(process: string, isAll: boolean): void;
}

/**
 * The tables of one state as the database keeps them: each call is done at once and as a whole, by the server's clock,
 * which is the true time. It can go back to what it was.
 */
export class Server {
  readonly #time: Pick<VirtualTime, 'now'>;
  readonly #watcher: Watcher;
  #isBegun = false;
  #rows: Rows = {
    processes: new Map(),
    holder: null,
    epoch: 0,
    usedUntil: null,
    last: 0,
    manifests: [],
    records: [],
    outcomes: [],
  };
  #outcomes = 0;
  /** As it was after each of the latest groups of records. */
  #past: Rows[] = [];
  /** Intents that were stored at some time, whatever became of them. */
  readonly #intents = new Set<number>();
  /** Ids of webhooks of which somebody told who had lost the lease by then. */
  readonly toldOf = new Set<number>();

  constructor(time: Pick<VirtualTime, 'now'>, watcher: Watcher) {
    this.#time = time;
    this.#watcher = watcher;
  }

  /** The number of the last record. */
  get last(): number {
    return this.#rows.last;
  }

  get state(): State | null {
    const { records } = this.#rows;
    return records.length === 0 ? null : fold(records.map(({ record }) => record as StateRecord));
  }

  hasStored(intent: number): boolean {
    return this.#intents.has(intent);
  }

  isHeldBy(process: string): boolean {
    const { holder } = this.#rows;
    return holder?.process === process && this.#isAlive(process);
  }

  /** Without the latest so many groups of records. False: it has not as many. */
  goBack(groups: number): boolean {
    const before = this.#past.at(-1 - groups);
    if (before === undefined) return false;
    this.#rows = copied(before);
    this.#past = this.#past.slice(0, -groups);
    return true;
  }

  enrol(process: string, leaseMs: number): void {
    this.#rows.processes.set(process, this.#time.now() + leaseMs);
  }

  renew(process: string, leaseMs: number): boolean {
    if (!this.#isAlive(process)) return false;
    this.#rows.processes.set(process, this.#time.now() + leaseMs);
    return true;
  }

  leave(process: string): void {
    this.#rows.processes.delete(process);
  }

  begin(): void {
    this.#isBegun = true;
  }

  find(): string | null {
    return this.#isBegun ? '1' : null;
  }

  records(): readonly StoredRecord[] {
    return this.#rows.records;
  }

  take({ process, about }: Omit<LeaseWanted, 'state'>): TakenLease | { readonly by: Holder } {
    const rows = this.#rows;
    const { holder } = rows;
    if (holder !== null && this.#isAlive(holder.process)) return { by: holder.about };
    const until = holder === null ? null : new Date(rows.processes.get(holder.process) ?? this.#time.now());
    rows.holder = { process, about };
    rows.epoch += 1;
    rows.usedUntil = new Date(Math.max(until?.getTime() ?? 0, rows.usedUntil?.getTime() ?? 0));
    this.#watcher.onTaken(until);
    const { epoch, last, manifests, usedUntil } = rows;
    return { epoch, predecessorUntil: usedUntil, last, manifests };
  }

  now(): Date {
    return new Date(this.#time.now());
  }

  /** Who has the lease, for people. */
  holder(): Holder | null {
    const { holder } = this.#rows;
    return holder !== null && this.#isAlive(holder.process) ? holder.about : null;
  }

  giveBack(process: string, epoch: number | null): void {
    const rows = this.#rows;
    if (rows.holder?.process === process && (epoch === null || epoch === rows.epoch)) rows.holder = null;
  }

  append(lease: Omit<HeldLease, 'state'>, { records, last, isAll }: RecordGroup): Appended {
    const rows = this.#rows;
    const { last: was } = rows;
    const isHeld = this.#isFenceOpen(lease);
    const isStored = isHeld && was === last;
    const next = last + records.length;
    if (isStored) {
      const { process, epoch } = lease;
      // As it comes back from the database: nobody's objects.
      const added = records.map((record, index) => {
        return { number: was + index + 1, record: JSON.parse(JSON.stringify(record)) as unknown, process, epoch };
      });
      rows.records = [...(isAll ? [] : rows.records), ...added];
      rows.last = was + records.length;
      for (const record of records) if (record.type === 'intent') this.#intents.add(record.intent);
      this.#watcher.onStored(process, isAll);
      this.#past = [...this.#past.slice(-20), copied(rows)];
    }
    const found = rows.records.find(({ number }) => number === next);
    const isOurs = found !== undefined && found.process === lease.process && found.epoch === lease.epoch;
    return { isStored, isHeld, was, isOurs };
  }

  setManifests(lease: Omit<HeldLease, 'state'>, manifests: readonly string[]): boolean {
    if (!this.#isFenceOpen(lease)) return false;
    this.#rows.manifests = manifests;
    return true;
  }

  saveOutcome(record: StateRecord): void {
    this.#outcomes += 1;
    if (record.type === 'late') this.toldOf.add(record.id);
    this.#rows.outcomes = [...this.#rows.outcomes, { key: String(this.#outcomes), record }];
  }

  outcomes(): readonly SavedOutcome[] {
    return this.#rows.outcomes;
  }

  dropOutcomes(keys: readonly string[]): void {
    this.#rows.outcomes = this.#rows.outcomes.filter(({ key }) => !keys.includes(key));
  }

  #isAlive(process: string): boolean {
    return (this.#rows.processes.get(process) ?? 0) > this.#time.now();
  }

  #isFenceOpen({ process, epoch }: Omit<HeldLease, 'state'>): boolean {
    return this.isHeldBy(process) && this.#rows.epoch === epoch;
  }
}

/** What is changed in place is a map alone. */
function copied(rows: Rows): Rows {
  return { ...rows, processes: new Map(rows.processes) };
}

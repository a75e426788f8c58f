import { forEachAtATime } from '../concurrent.js';
import type { CallFailure, CopernicaApi, LiveWebhook } from '../copernica/api.js';
import { union } from '../state/ranges.js';
import type { IdRange, State, StateEntry } from '../state/state.js';
import { looksLike } from './matching.js';

/**
 * What reading ids showed. Ids that are unknown, removed or another account's answer alike, and are in neither list.
 */
export interface Scan {
  readonly webhooks: readonly LiveWebhook[];
  /** Rising. Nothing is known of these. */
  readonly unread: readonly number[];
  /** Why they could not be read; null: all were. */
  readonly failure: string | null;
}

export interface ReadOptions {
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onRead?: () => void;
  /** A refusal counts as “no webhook”, however it is worded: for whoever proves that webhooks can be read. */
  readonly refusalsCount: boolean;
}

/** A webhook that can't be read is passed over; an account that can't be read is not asked on. */
const FAILURES_IN_A_ROW = 4;

/** Reads ids one by one, several at a time. What was found before a failure or a stop is kept. */
export async function readIds(ids: readonly number[], api: CopernicaApi, options: ReadOptions): Promise<Scan> {
  const webhooks: LiveWebhook[] = [];
  const unread: number[] = [];
  let failure: string | null = null;
  let failures = 0;
  await forEachAtATime(ids, options.concurrency, async (id) => {
    if (options.stop.aborted) failure = 'stopped while looking';
    if (options.stop.aborted || failures >= FAILURES_IN_A_ROW) {
      unread.push(id);
      return;
    }
    const outcome = await api.readWebhook(id);
    if (outcome.ok && outcome.value !== 'gone') webhooks.push(outcome.value);
    if (outcome.ok || (options.refusalsCount && isRefusal(outcome))) failures = 0;
    else {
      failures += 1;
      failure = outcome.message;
      unread.push(id);
    }
    options.onRead?.();
  });
  return { webhooks, unread: unread.sort((a, b) => a - b), failure };
}

/** No webhook of this account has the id, or the token may not read: nothing but the wording tells. */
function isRefusal({ kind, status }: CallFailure): boolean {
  return kind === 'refused' && (status === 400 || status === 404);
}

/** Each id once, rising. */
export function idsIn(ranges: readonly IdRange[]): number[] {
  return union(ranges, []).flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

/** To see whether webhooks can be read at all, so many of ours are tried. */
const WEBHOOKS_TRIED = 3;

const CAN_NOT_READ = 'none of the known webhooks can be read, so that another one is not found proves nothing';

export interface ScannerContext {
  readonly api: CopernicaApi;
  readonly concurrency: number;
  readonly stop: AbortSignal;
}

/** Reads ids for one run, and tells whether it counts that nothing was found there. */
export class Scanner {
  readonly #context: ScannerContext;
  readonly #state: State;
  #hasList = true;
  #failure: string | null = null;

  constructor(context: ScannerContext, state: State) {
    this.#context = context;
    this.#state = state;
  }

  /** Why something could not be read since `begin`; null: all could. */
  get failure(): string | null {
    return this.#failure;
  }

  begin(): void {
    this.#failure = null;
  }

  /** All that there is, where the account has the call, and it lacks none of ours; null: it is read id by id. */
  async list(): Promise<Scan | null> {
    if (!this.#hasList) return null;
    const listed = await this.#context.api.listWebhooks();
    const webhooks = listed.ok && listed.value !== 'unavailable' ? listed.value : null;
    const ids = new Set(webhooks?.map(({ id }) => id));
    this.#hasList = webhooks !== null && [...this.#state.entries.values()].every(({ id }) => ids.has(id));
    return this.#hasList && webhooks !== null ? { webhooks, unread: [], failure: null } : null;
  }

  /** Reads these ids, rising. That one is not there proves nothing. */
  async read(ids: readonly number[], onRead?: () => void): Promise<Scan> {
    const scan = await readIds(ids, this.#context.api, { ...this.#context, refusalsCount: true, onRead });
    this.#failure = scan.failure ?? this.#failure;
    return scan;
  }

  /**
   * The same, where it counts what is not there: a webhook of ours, from this id on, can be read before and after. Where
   * we have none, whatever is alive shows that reading works. Otherwise all is unread.
   */
  async readWithProof(ids: readonly number[], from: number, onRead?: () => void): Promise<Scan> {
    const unread: Scan = { webhooks: [], unread: ids, failure: null };
    if (this.#state.entries.size === 0) {
      const scan = await this.read(ids, onRead);
      return scan.webhooks.length > 0 ? scan : { ...unread, failure: scan.failure };
    }
    const scan = (await this.canRead(from)) ? await this.read(ids, onRead) : null;
    if (scan !== null && (await this.canRead(from))) return scan;
    this.canNotRead();
    return { ...unread, failure: CAN_NOT_READ };
  }

  canNotRead(): void {
    this.#failure ??= CAN_NOT_READ;
  }

  /** Whether a webhook of ours, from this id on, can be read as it is. The last first, since a replica may lag. */
  async canRead(from: number): Promise<boolean> {
    const ours = [...this.#state.entries.values()].filter(({ id }) => id >= from).sort((a, b) => b.id - a.id);
    for (const entry of ours.slice(0, WEBHOOKS_TRIED)) {
      if (this.#context.stop.aborted) return false;
      const outcome = await this.#context.api.readWebhook(entry.id);
      if (outcome.ok && outcome.value !== 'gone' && isAsItIs(outcome.value, entry)) return true;
    }
    return false;
  }
}

function isAsItIs(webhook: LiveWebhook, { spec, updating }: StateEntry): boolean {
  return looksLike(webhook, spec) || (updating !== undefined && looksLike(webhook, updating));
}

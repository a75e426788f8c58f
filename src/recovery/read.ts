import { forEachAtATime } from '../concurrent.js';
import type { CallFailure, CopernicaApi, LiveWebhook } from '../copernica/api.js';
import { union } from '../state/ranges.js';
import type { IdRange, State, StateEntry } from '../state/state.js';
import { looksLike } from './matching.js';

/** The result of reading ids. Unknown, removed and other accounts' ids get the same answer, and are in neither list. */
export interface Scan {
  readonly webhooks: readonly LiveWebhook[];
  /** Rising. Nothing is known about these ids. */
  readonly unread: readonly number[];
  /** Why some could not be read. Null: all were read. */
  readonly failure: string | null;
}

export interface ReadOptions {
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onRead?: () => void;
  /** A refusal counts as “no webhook”, however it is worded. Only for callers that prove that webhooks can be read. */
  readonly refusalsCount: boolean;
}

/** A single webhook that can't be read is skipped; after this many, the account counts as unreadable. */
const FAILURES_IN_A_ROW = 4;

/** Reads ids one by one, several at a time. Keeps what was found before a failure or a stop. */
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

/** Either no webhook of this account has the id, or the token may not read: only the wording differs. */
function isRefusal({ kind, status }: CallFailure): boolean {
  return kind === 'refused' && (status === 400 || status === 404);
}

/** Each id once, rising. */
export function idsIn(ranges: readonly IdRange[]): number[] {
  return union(ranges, []).flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

/** How many of our webhooks are tried to see whether webhooks can be read at all. */
const WEBHOOKS_TRIED = 3;

const CAN_NOT_READ = 'none of the known webhooks can be read, so that another one is not found proves nothing';

export interface ScannerContext {
  readonly api: CopernicaApi;
  readonly concurrency: number;
  readonly stop: AbortSignal;
}

/** Reads ids during one run, and tells whether finding nothing there proves anything. */
export class Scanner {
  readonly #context: ScannerContext;
  readonly #state: State;
  #hasList = true;
  #failure: string | null = null;

  constructor(context: ScannerContext, state: State) {
    this.#context = context;
    this.#state = state;
  }

  /** Why something could not be read since `begin`. Null: everything could. */
  get failure(): string | null {
    return this.#failure;
  }

  begin(): void {
    this.#failure = null;
  }

  /** The account's list, if it has one and the list lacks none of ours. Null: read id by id instead. */
  async list(): Promise<Scan | null> {
    if (!this.#hasList) return null;
    const listed = await this.#context.api.listWebhooks();
    const webhooks = listed.ok && listed.value !== 'unavailable' ? listed.value : null;
    const ids = new Set(webhooks?.map(({ id }) => id));
    this.#hasList = webhooks !== null && [...this.#state.entries.values()].every(({ id }) => ids.has(id));
    return this.#hasList && webhooks !== null ? { webhooks, unread: [], failure: null } : null;
  }

  /** Reads these ids, which rise. Not finding a webhook proves nothing. */
  async read(ids: readonly number[], onRead?: () => void): Promise<Scan> {
    const scan = await readIds(ids, this.#context.api, { ...this.#context, refusalsCount: true, onRead });
    this.#failure = scan.failure ?? this.#failure;
    return scan;
  }

  /**
   * The same, but not finding a webhook counts: one of ours, with this id or a higher one, can be read before and
   * after. If we have none, any webhook found shows that reading works. Without that, all ids are unread.
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

  /** Whether a webhook of ours, with this id or a higher one, reads as recorded. Newest first: a replica may lag. */
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

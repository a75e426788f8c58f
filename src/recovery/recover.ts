import type { Logger } from 'pino';
import type { LiveWebhook } from '../copernica/api.js';
import type { OnProgress } from '../plan/progress.js';
import { rangesOf, rising } from '../state/ranges.js';
import { type ClosedIntent, type IdRange, type Intent, intentsOf, isOrWasOurs } from '../state/state.js';
import type { OpenJournal } from '../state/store.js';
import type { WebhookSpec } from '../webhook.js';
import { candidatesAmong, canHaveMade, findMatches } from './matching.js';
import {
  idsToRead,
  isUnreadable,
  LOOK_IDS,
  nearIds,
  proofOf,
  rangesToRead,
  ripeAt,
  type Settling,
  witnessOf,
} from './proof.js';
import { idsIn, type Scan, Scanner, type ScannerContext } from './read.js';
import { MANY_INTENTS } from './sending.js';

export interface RecoveryContext extends ScannerContext {
  readonly journal: OpenJournal;
  readonly settling: Settling;
  /** False (`--on-uncertain hold`): a proof of absence is reported but closes nothing. */
  readonly mayClose: boolean;
  /** What the manifest wants, by name. */
  wanted(): ReadonlyMap<string, WebhookSpec>;
  /** Names of the entries for which a POST would be sent if nothing were uncertain. */
  namesToPost(): ReadonlySet<string>;
  now(): Date;
  readonly log: Logger;
  readonly onProgress: OnProgress;
}

/** Reads are recorded in groups of this size, so that a process that ends in the middle has not read in vain. */
const IDS_PER_RECORD = 500;

/**
 * Looks for what open intents made, during one run. Sends GETs only. What it learns is recorded: found, proved absent,
 * or marked. What it leaves open is settled by time, by another create's answer, or by hand.
 *
 *     look        the ids near each bound    takes what it finds
 *     sweep       all that a proof needs     takes what it finds, closes what is not there
 *     lookAgain   above what was closed      marks what it finds
 */
export class Recovery {
  readonly #context: RecoveryContext;
  readonly #scanner: Scanner;
  readonly #startedAt: Date;
  /** Intents that were looked for since the run last waited. */
  readonly #looked = new Set<number>();
  /** Webhooks that open intents may have made, as last read in this run. `unread`: it could not be read. */
  readonly #seen = new Map<number, LiveWebhook | 'unread'>();
  /** Intents that could not be proved absent in this run: each run counts once. */
  readonly #unproved = new Set<number>();

  constructor(context: RecoveryContext) {
    this.#context = context;
    this.#scanner = new Scanner(context, context.journal.state);
    this.#startedAt = context.now();
  }

  /** Why something could not be read at the last attempt. Null: everything could. */
  get failure(): string | null {
    return this.#scanner.failure;
  }

  /** Gives up on the intents that a dead process left, and replaces times in the future by the present. */
  async begin(): Promise<void> {
    const { journal } = this.#context;
    const now = this.#now();
    const at = this.#at();
    for (const { intent, gaveUp, timeoutMs = 0 } of this.#open()) {
      if (gaveUp !== undefined && Date.parse(gaveUp.at) <= now + timeoutMs) continue;
      // The lease's former holder may be alive, and may have sent it at the last moment.
      const sentUntil = gaveUp === undefined ? (journal.predecessorUntil?.getTime() ?? 0) + timeoutMs : 0;
      const reason = gaveUp?.reason ?? 'the program ended before the answer came';
      journal.write({ type: 'unknown', intent, at: new Date(Math.max(now, sentUntil)).toISOString(), reason });
    }
    for (const { intent, at: closedAt, witness } of [...journal.state.closed.values()]) {
      if (closedAt > at) journal.write({ type: 'closed', intent: intent.intent, at, witness });
    }
    // A read with a time in the future proves nothing, since nobody knows when it really was.
    if (journal.state.reads.some((range) => range.at > at)) journal.write({ type: 'readsVoid', at });
    await journal.flush();
  }

  /** The run has waited: what was not there before may be there now. */
  waited(): void {
    this.#looked.clear();
  }

  /** Reads the ids just above each bound, and takes what it finds. Not finding a webhook proves nothing. */
  async look(): Promise<void> {
    const { journal, settling } = this.#context;
    const open = this.#open().filter(({ intent }) => !this.#looked.has(intent));
    const candidates = open.flatMap(({ candidates: own = [] }) => own);
    const near = open.flatMap((intent) => idsToRead(nearIds(intent), journal.state, ripeAt(intent, settling.settleMs)));
    for (const { intent } of open) this.#looked.add(intent);
    const ids = rising([...candidates, ...near]);
    if (ids.length === 0) return;
    this.#scanner.begin();
    const scan = (await this.#scanner.list()) ?? (await this.#scanner.read(ids, this.#countReads(ids.length)));
    await this.#seeCandidates(candidates, scan);
    this.#see(scan.webhooks);
    await this.#take();
    noteHighest(scan.webhooks, journal, this.#at());
  }

  /**
   * One sweep for everything ripe: reads the ids still to be read for a proof, takes what it finds, and closes what is
   * not there. The sweep counts only if a webhook of ours was read as it is.
   */
  async sweep(): Promise<void> {
    const { journal, mayClose } = this.#context;
    const { ids, witness, intents } = this.#aim();
    if (ids.length > 0) {
      this.#scanner.begin();
      const isProven = await this.#readAll(ids, witness);
      await this.#take();
      if (!isProven && journal.state.entries.size === 0) for (const intent of intents) this.#notProved(intent);
    }
    if (mayClose) for (const intent of this.#open()) this.#closeIfAbsent(intent);
    await journal.flush();
  }

  /** The second look, for a server that acted very late: in the first run that begins `settleMs` after the closing. */
  async lookAgain(): Promise<void> {
    const { journal, settling } = this.#context;
    const { state } = journal;
    const due = [...state.closed.values()].filter(
      ({ at }) => this.#startedAt.getTime() >= Date.parse(at) + settling.settleMs,
    );
    if (due.length === 0) return;
    const highestBefore = state.highestId ?? 1;
    // Webhooks found by reading move the end of the range.
    const rangeOf = ({ witness }: ClosedIntent): IdRange => {
      const from = witness ?? highestBefore;
      return { from, to: Math.min((state.highestId ?? 0) + LOOK_IDS, from + settling.scanLimit) };
    };
    const scan = (await this.#scanner.list()) ?? (await this.#readFurther(() => due.map(rangeOf)));
    noteHighest(scan.webhooks, journal, this.#at());
    for (const closed of due) this.#concludeSecondLook(closed.intent, rangeOf(closed), scan);
    await journal.flush();
  }

  #open(): Intent[] {
    return [...this.#context.journal.state.intents.values()];
  }

  #now(): number {
    return this.#context.now().getTime();
  }

  #at(): string {
    return this.#context.now().toISOString();
  }

  /** A candidate that is missing counts as gone only if webhooks can be read: a sweep does not read its id again. */
  async #seeCandidates(candidates: readonly number[], { webhooks, unread }: Scan): Promise<void> {
    const there = new Set(webhooks.map(({ id }) => id));
    const missing = candidates.filter((id) => !there.has(id));
    const isAnyGone = missing.some((id) => !unread.includes(id));
    const isGone = isAnyGone && (await this.#scanner.canRead(0));
    for (const id of missing) {
      if (isGone && !unread.includes(id)) this.#seen.delete(id);
      else this.#seen.set(id, 'unread');
    }
  }

  #see(webhooks: readonly LiveWebhook[]): void {
    for (const webhook of candidatesAmong(webhooks, this.#context.journal.state)) this.#seen.set(webhook.id, webhook);
  }

  /** Records to which entries the seen webhooks belong. */
  async #take(): Promise<void> {
    const { journal, log, wanted } = this.#context;
    const seen = [...this.#seen.values()].filter((webhook) => webhook !== 'unread');
    const { matches, ambiguous } = findMatches(journal.state, seen, wanted());
    for (const match of matches) {
      journal.write({ type: 'matched', ...match, at: this.#at() });
      const { name, id, others } = match;
      log.info({ name, id, others }, 'found the webhook of a POST that was never confirmed');
    }
    for (const intent of this.#open()) {
      const kept = (intent.candidates ?? []).filter(
        (id) => this.#seen.get(id) === 'unread' && !journal.state.owners.has(id),
      );
      this.#suspect(intent, [...(ambiguous.get(intent.intent) ?? []), ...kept]);
    }
    await journal.flush();
  }

  #suspect({ intent, candidates = [] }: Intent, suspected: readonly number[]): void {
    const ids = rising(suspected);
    if (ids.join() === candidates.join()) return;
    this.#context.journal.write({ type: 'suspected', intent, ids, at: this.#at() });
  }

  /** What the sweep has to read, for which intents, and the highest of their witnesses; 0: there is none. */
  #aim(): { readonly ids: readonly number[]; readonly witness: number; readonly intents: readonly Intent[] } {
    const { journal, settling, namesToPost } = this.#context;
    const ripe = this.#open().filter((intent) => ripeAt(intent, settling.settleMs) <= this.#now());
    const toPost = ripe.length === 0 ? new Set<string>() : namesToPost();
    const aims = ripe.flatMap((intent) => {
      const witness = witnessOf(intent, journal.state, settling.settleMs);
      const isWorthIt = witness !== null || this.#isReadWithoutWitness(intent, toPost);
      return isWorthIt ? [{ intent, witness }] : [];
    });
    const ids = aims.flatMap(({ intent, witness }) => {
      const ranges = rangesToRead(intent, witness, settling.scanLimit);
      return idsToRead(ranges, journal.state, ripeAt(intent, settling.settleMs));
    });
    const witness = Math.max(0, ...aims.map((aim) => aim.witness ?? 0));
    return { ids: rising(ids), witness, intents: aims.map(({ intent }) => intent) };
  }

  /** An intent whose entry is not sent again has no witness to expect: it is read once, as far as the scan limit. */
  #isReadWithoutWitness(intent: Intent, toPost: ReadonlySet<string>): boolean {
    const { state } = this.#context.journal;
    if (isUnreadable(intent, this.#now())) return false;
    return !toPost.has(intent.name) || intentsOf(state, intent.name).length >= MANY_INTENTS;
  }

  /** False: the reads do not count, since nothing shows that webhooks can be read. */
  async #readAll(ids: readonly number[], witness: number): Promise<boolean> {
    const { journal } = this.#context;
    const at = this.#at();
    const list = await this.#scanner.list();
    if (list !== null) {
      this.#remember(list, [{ from: 1, to: Math.max(ids.at(-1) ?? 1, journal.state.highestId ?? 1) }], at);
      return true;
    }
    let isProven = false;
    const onRead = this.#countReads(ids.length);
    for (let from = 0; from < ids.length; from += IDS_PER_RECORD) {
      const begunAt = this.#at();
      const piece = ids.slice(from, from + IDS_PER_RECORD);
      const scan = await this.#scanner.readWithProof(piece, witness, onRead);
      const unread = new Set(scan.unread);
      const read = piece.filter((id) => !unread.has(id));
      this.#remember(scan, rangesOf(read), begunAt);
      await journal.flush();
      isProven ||= read.length > 0;
      if (scan.failure !== null && unread.size > 1) break;
    }
    if (!isProven) this.#scanner.canNotRead();
    return isProven;
  }

  /** Records candidates before it records their ids as read: after a crash in between they must not be passed over. */
  #remember({ webhooks }: Scan, read: readonly IdRange[], at: string): void {
    const { journal } = this.#context;
    this.#see(webhooks);
    const found = candidatesAmong(webhooks, journal.state);
    for (const intent of this.#open()) {
      const like = found.filter((webhook) => canHaveMade(intent, webhook)).map(({ id }) => id);
      this.#suspect(intent, [...(intent.candidates ?? []), ...like]);
    }
    for (const range of read) journal.write({ type: 'read', ...range, at });
    noteHighest(webhooks, journal, at);
  }

  /** Closes an intent that is ripe and not there. Ids that could not be read for long are marked as unread. */
  #closeIfAbsent(intent: Intent): void {
    const { journal, settling, log } = this.#context;
    if (ripeAt(intent, settling.settleMs) > this.#now()) return;
    const proof = proofOf(intent, journal.state, settling);
    if (proof.kind === 'none') return;
    if (proof.kind === 'unread' && !isUnreadable(intent, this.#now())) {
      this.#notProved(intent);
      return;
    }
    const { witness, unread } = proof;
    const { name, intent: number } = intent;
    journal.write({ type: 'closed', intent: number, at: this.#at(), witness, unread: orNone(unread) });
    if (unread.length > 0) log.warn({ name, unread }, 'what a POST made may be among ids that were not read');
    else log.info({ name }, 'a POST that was never confirmed made nothing');
  }

  /** Counts once a run. */
  #notProved({ intent, unproved }: Intent): void {
    if (this.#unproved.has(intent)) return;
    this.#unproved.add(intent);
    const { runs, since } = unproved ?? { runs: 0, since: this.#at() };
    this.#context.journal.write({ type: 'unproved', intent, runs: runs + 1, at: since });
  }

  #countReads(of: number): () => void {
    const { onProgress } = this.#context;
    let done = 0;
    onProgress({ phase: 'looking', done, of });
    return () => {
      done += 1;
      onProgress({ phase: 'looking', done, of });
    };
  }

  #concludeSecondLook(intent: Intent, { from, to }: IdRange, { webhooks, unread: allUnread }: Scan): void {
    const { journal } = this.#context;
    const isIn = (id: number) => id >= from && id <= to && !isOrWasOurs(id, journal.state);
    const like = webhooks.filter((webhook) => isIn(webhook.id) && canHaveMade(intent, webhook)).map(({ id }) => id);
    const unread = allUnread.filter(isIn);
    if (unread.length > 0 && !isUnreadable(intent, this.#now())) {
      this.#notProved(intent);
      return;
    }
    journal.write({
      type: 'lookedAgain',
      intent: intent.intent,
      at: this.#at(),
      found: orNone(rangesOf([...like, ...unread])),
    });
  }

  /** Reads the ranges, and goes on while a find extends them: webhooks that were made late can lie far apart. */
  async #readFurther(ranges: () => readonly IdRange[]): Promise<Scan> {
    const { journal } = this.#context;
    const scans: Scan[] = [];
    const asked = new Set<number>();
    for (;;) {
      const ids = idsIn(ranges()).filter((id) => !journal.state.owners.has(id) && !asked.has(id));
      if (ids.length === 0) break;
      for (const id of ids) asked.add(id);
      const scan = await this.#scanner.readWithProof(ids, 0, this.#countReads(ids.length));
      noteHighest(scan.webhooks, journal, this.#at());
      scans.push(scan);
    }
    return {
      webhooks: scans.flatMap(({ webhooks }) => webhooks),
      unread: scans.flatMap(({ unread }) => unread),
      failure: null,
    };
  }
}

function orNone<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** No later create can have made a webhook that was already seen, so it raises the bound of later intents. */
export function noteHighest(webhooks: readonly LiveWebhook[], journal: OpenJournal, at: string): void {
  const id = Math.max(0, ...webhooks.map((webhook) => webhook.id));
  if (id > (journal.state.highestId ?? 0)) journal.write({ type: 'seen', id, at });
}

import type { Logger } from 'pino';
import type { CopernicaApi, LiveWebhook } from '../copernica/api.js';
import { rangesOf } from '../state/ranges.js';
import type { IdRange, Intent, StateEntry } from '../state/state.js';
import type { OpenJournal } from '../state/store.js';
import type { WebhookSpec } from '../webhook.js';
import { candidatesAmong, canHaveMade, findMatches, looksLike } from './matching.js';
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
import { idsIn, type Progress, readIds, type Scan } from './read.js';
import { MANY_INTENTS } from './sending.js';

export interface RecoveryContext {
  readonly journal: OpenJournal;
  readonly api: CopernicaApi;
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly settling: Settling;
  /** False (`--on-uncertain hold`): a proof of absence is told, and closes nothing. */
  readonly mayClose: boolean;
  /** What the manifest wants, by name. */
  readonly wanted: ReadonlyMap<string, WebhookSpec>;
  /** Names of entries that would be sent as creates if nothing were uncertain. */
  namesToPost(): ReadonlySet<string>;
  now(): Date;
  readonly log: Logger;
  readonly onProgress: Progress;
}

/** Read at a time, so that a process that ends in the middle has not read for nothing. */
const IDS_PER_RECORD = 500;
/** To see whether webhooks can be read at all, so many of ours are tried. */
const WEBHOOKS_TRIED = 3;

const NOTHING_READ: Scan = {
  webhooks: [],
  unread: [],
  failure: 'none of the known webhooks can be read, so that another one is not found proves nothing',
};

/**
 * Looks for what open intents made, for the length of one run. Sends GETs only. What it finds out stands in the state:
 * found, proved absent, or marked. What it leaves open is settled by time, by another create's answer, or by hand.
 */
export class Recovery {
  readonly #context: RecoveryContext;
  readonly #startedAt: Date;
  /** Intents that were looked for since time was last waited. */
  readonly #looked = new Set<number>();
  /** Webhooks that may be what an intent made, as they were read in this run. */
  readonly #seen = new Map<number, LiveWebhook>();
  readonly #found = new Set<string>();
  /** Candidates that could not be read when they were last tried. */
  readonly #unknown = new Set<number>();
  readonly #unprovedNow = new Set<number>();
  #hasList = true;
  #failure: string | null = null;

  constructor(context: RecoveryContext) {
    this.#context = context;
    this.#startedAt = context.now();
  }

  /** Names of entries whose lost webhook was found in this run. */
  get found(): ReadonlySet<string> {
    return this.#found;
  }

  /** Why something could not be read when it was last tried; null: all could. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Intents that a dead process left are given up on, and times that lie in the future are now. */
  async begin(): Promise<void> {
    const { journal } = this.#context;
    const at = this.#at();
    for (const { intent, gaveUp } of journal.state.intents.values()) {
      if (gaveUp !== undefined && gaveUp.at <= at) continue;
      const reason = gaveUp?.reason ?? 'the program ended before the answer came';
      journal.write({ type: 'unknown', intent, at, reason });
    }
    for (const { intent, at: closedAt, witness } of [...journal.state.closed.values()]) {
      if (closedAt > at) journal.write({ type: 'closed', intent: intent.intent, at, witness });
    }
    // Read at a time that was not: nobody knows before what.
    if (journal.state.reads.some((range) => range.at > at)) journal.write({ type: 'readsVoid', at });
    await journal.flush();
  }

  /** Time was waited: what was not there may be there now. */
  waited(): void {
    this.#looked.clear();
  }

  /** Reads the ids just above each bound, and takes what is found. It finds, and proves nothing. */
  async look(): Promise<void> {
    const { state } = this.#context.journal;
    const open = [...state.intents.values()];
    const aims = open.filter(({ intent }) => !this.#looked.has(intent));
    const ids = new Set(aims.flatMap(({ candidates = [] }) => candidates));
    for (const intent of aims) {
      for (const id of idsToRead(nearIds(intent), state, ripeAt(intent, this.#context.settling.settleMs))) ids.add(id);
      this.#looked.add(intent.intent);
    }
    if (ids.size === 0) return;
    const sight = (await this.#list()) ?? (await this.#read([...ids].sort((a, b) => a - b)));
    for (const id of ids) this.#seen.delete(id);
    await this.#noteUnknown(ids, sight);
    this.#see(sight.webhooks);
    this.#failure = sight.failure;
    await this.#take();
    noteHighest(sight.webhooks, this.#context.journal, this.#at());
  }

  /**
   * One sweep for all that is ripe: reads what was not read yet of where they can be, takes what is found, and closes
   * what is not there. It counts only where a webhook of ours was read as it is.
   */
  async sweep(): Promise<void> {
    const { journal } = this.#context;
    const { ids, witness, intents } = this.#aim();
    if (ids.length > 0) {
      if (await this.#readAll(ids, witness)) await this.#take();
      else if (journal.state.entries.size === 0) for (const intent of intents) this.#notProved(intent);
    }
    if (this.#context.mayClose) this.#close();
    await journal.flush();
  }

  /** For a server that acted very late: what was not found is looked for once more, in the first run after a while. */
  async lookAgain(): Promise<void> {
    const { journal, settling } = this.#context;
    const { state } = journal;
    const due = [...state.closed.values()].filter(
      ({ at }) => this.#startedAt.getTime() >= Date.parse(at) + settling.settleMs,
    );
    if (due.length === 0) return;
    const highestBefore = state.highestId ?? 1;
    const rangeOf = (witness: number | null) => {
      const from = witness ?? highestBefore;
      return { from, to: Math.min((state.highestId ?? 0) + LOOK_IDS, from + settling.scanLimit) };
    };
    const sight = (await this.#list()) ?? (await this.#readFurther(() => due.map(({ witness }) => rangeOf(witness))));
    this.#failure = sight.failure ?? this.#failure;
    noteHighest(sight.webhooks, journal, this.#at());
    for (const { intent, witness } of due) {
      const { from, to } = rangeOf(witness);
      const isIn = (id: number) => id >= from && id <= to && !state.owners.has(id) && !state.formerIds.has(id);
      const like = sight.webhooks.filter((one) => isIn(one.id) && canHaveMade(intent, one));
      const unread = sight.unread.filter(isIn);
      if (unread.length > 0 && !isUnreadable(intent, this.#now())) {
        this.#notProved(intent);
        continue;
      }
      const ranges = rangesOf([...like.map(({ id }) => id), ...unread].sort((a, b) => a - b));
      const found = ranges.length === 0 ? {} : { found: ranges };
      journal.write({ type: 'lookedAgain', intent: intent.intent, at: this.#at(), ...found });
    }
    await journal.flush();
  }

  #now(): number {
    return this.#context.now().getTime();
  }

  #at(): string {
    return this.#context.now().toISOString();
  }

  /** A candidate counts as gone only where webhooks can be read: its id is not read again in a sweep. */
  async #noteUnknown(ids: ReadonlySet<number>, { webhooks, unread }: Scan): Promise<void> {
    const there = new Set(webhooks.map(({ id }) => id));
    const candidates = [...this.#context.journal.state.intents.values()].flatMap(({ candidates: own = [] }) => own);
    const isGone = candidates.some((id) => ids.has(id) && !there.has(id) && !unread.includes(id));
    const missing = isGone && !(await this.#canRead(0)) ? candidates.filter((id) => !there.has(id)) : unread;
    for (const id of ids) this.#unknown.delete(id);
    for (const id of missing) this.#unknown.add(id);
  }

  #see(webhooks: readonly LiveWebhook[]): void {
    for (const webhook of candidatesAmong(webhooks, this.#context.journal.state)) this.#seen.set(webhook.id, webhook);
  }

  /** Records whose the webhooks are that were seen. */
  async #take(): Promise<void> {
    const { journal, log, wanted } = this.#context;
    const { matches, ambiguous } = findMatches(journal.state, this.#seen.values(), wanted);
    for (const { name, intents, id, spec, others, isScopeUnknown } of matches) {
      const scope = isScopeUnknown ? { isScopeUnknown } : {};
      journal.write({ type: 'matched', name, at: this.#at(), intents, id, webhook: spec, others, ...scope });
      this.#found.add(name);
      log.info({ name, id, others }, 'found the webhook of a POST that was never confirmed');
    }
    for (const { intent, candidates = [] } of [...journal.state.intents.values()]) {
      const kept = candidates.filter((id) => this.#unknown.has(id) && !journal.state.owners.has(id));
      this.#suspect(
        intent,
        [...new Set([...(ambiguous.get(intent) ?? []), ...kept])].sort((a, b) => a - b),
      );
    }
    await journal.flush();
  }

  #suspect(intent: number, ids: readonly number[]): void {
    const { journal } = this.#context;
    const before = journal.state.intents.get(intent)?.candidates ?? [];
    if (ids.length === before.length && ids.every((id, index) => id === before[index])) return;
    journal.write({ type: 'suspected', intent, ids, at: this.#at() });
  }

  /** What a sweep has to read, and the highest witness among those that it is read for; 0: there is none. */
  #aim(): { readonly ids: readonly number[]; readonly witness: number; readonly intents: readonly Intent[] } {
    const { journal, settling } = this.#context;
    const { state } = journal;
    const ids = new Set<number>();
    const intents: Intent[] = [];
    let highest = 0;
    const toPost = state.intents.size === 0 ? new Set<string>() : this.#context.namesToPost();
    for (const intent of state.intents.values()) {
      const ripe = ripeAt(intent, settling.settleMs);
      if (ripe > this.#now()) continue;
      const witness = witnessOf(intent, state, settling.settleMs);
      if (witness === null && (!this.#isReadWithoutWitness(intent, toPost) || isUnreadable(intent, this.#now())))
        continue;
      highest = Math.max(highest, witness ?? 0);
      intents.push(intent);
      for (const id of idsToRead(rangesToRead(intent, witness, settling.scanLimit), state, ripe)) ids.add(id);
    }
    return { ids: [...ids].sort((a, b) => a - b), witness: highest, intents };
  }

  /**
   * What is not sent again by itself has no witness to wait for: it is looked for as far as there may be a scan, once.
   */
  #isReadWithoutWitness({ name }: Intent, toPost: ReadonlySet<string>): boolean {
    if (!toPost.has(name)) return true;
    const { intents } = this.#context.journal.state;
    return [...intents.values()].filter((intent) => intent.name === name).length >= MANY_INTENTS;
  }

  /** False: nothing of it counts, since nothing shows that webhooks can be read. */
  async #readAll(ids: readonly number[], witness: number): Promise<boolean> {
    const { journal, onProgress } = this.#context;
    const at = this.#at();
    const list = await this.#list();
    if (list !== null) {
      this.#remember(list, [{ from: 1, to: Math.max(ids.at(-1) ?? 1, journal.state.highestId ?? 1) }], at);
      return true;
    }
    // Where nothing of ours is there to be read, whatever is alive shows that reading works.
    const isAnythingOurs = journal.state.entries.size > 0;
    if (isAnythingOurs && !(await this.#canRead(witness))) return false;
    let failure: string | null = null;
    let isAnyAlive = false;
    let done = 0;
    const onRead = () => {
      done += 1;
      onProgress(done, ids.length, 'looking');
    };
    for (let from = 0; from < ids.length; from += IDS_PER_RECORD) {
      const begunAt = this.#at();
      const piece = ids.slice(from, from + IDS_PER_RECORD);
      const sight = await this.#read(piece, onRead);
      if (isAnythingOurs && !(await this.#canRead(witness))) return from > 0;
      const counts = isAnythingOurs || sight.webhooks.length > 0;
      isAnyAlive ||= counts;
      const missing = new Set(counts ? sight.unread : piece);
      this.#remember(sight, rangesOf(piece.filter((id) => !missing.has(id))), begunAt);
      await journal.flush();
      failure = sight.failure ?? failure;
      if (sight.failure !== null && sight.unread.length > 1) break;
    }
    this.#failure = failure ?? (isAnyAlive ? null : NOTHING_READ.failure);
    return isAnyAlive;
  }

  /** What may be it is recorded before that the ids were read: a process that ends in between must not pass it over. */
  #remember({ webhooks }: Scan, read: readonly IdRange[], at: string): void {
    const { journal } = this.#context;
    this.#see(webhooks);
    const found = candidatesAmong(webhooks, journal.state);
    for (const intent of [...journal.state.intents.values()]) {
      const like = found.filter((webhook) => canHaveMade(intent, webhook)).map(({ id }) => id);
      this.#suspect(
        intent.intent,
        [...new Set([...(intent.candidates ?? []), ...like])].sort((a, b) => a - b),
      );
    }
    for (const range of read) journal.write({ type: 'read', ...range, at });
    noteHighest(webhooks, journal, at);
  }

  /** Closes what is ripe and not there; what could not be read for long counts as not read, and is marked. */
  #close(): void {
    const { journal, settling, log } = this.#context;
    const { state } = journal;
    for (const intent of [...state.intents.values()]) {
      if (ripeAt(intent, settling.settleMs) > this.#now()) continue;
      const proof = proofOf(intent, state, settling);
      if (proof.kind === 'no-witness' || proof.kind === 'ambiguous') continue;
      if (proof.kind === 'unread' && !isUnreadable(intent, this.#now())) {
        this.#notProved(intent);
        continue;
      }
      const { witness } = proof;
      const unread = proof.kind === 'unread' ? proof.ranges : proof.outOfReach;
      const { name, intent: number } = intent;
      journal.write({
        type: 'closed',
        intent: number,
        at: this.#at(),
        witness,
        ...(unread.length > 0 ? { unread } : {}),
      });
      if (unread.length > 0) log.warn({ name, unread }, 'what a POST made may be among ids that were not read');
      else log.info({ name }, 'a POST that was never confirmed made nothing');
    }
  }

  /** Once a run. */
  #notProved({ intent, unproved }: Intent): void {
    if (this.#unprovedNow.has(intent)) return;
    this.#unprovedNow.add(intent);
    const { runs, since } = unproved ?? { runs: 0, since: this.#at() };
    this.#context.journal.write({ type: 'unproved', intent, runs: runs + 1, at: since });
  }

  async #read(ids: readonly number[], onRead?: () => void): Promise<Scan> {
    const { api, concurrency, stop } = this.#context;
    return readIds(ids, api, { concurrency, stop, refusalsCount: true, ...(onRead === undefined ? {} : { onRead }) });
  }

  /** Reads the ranges, and further as long as what is found moves them: what was made late lies far apart. */
  async #readFurther(ranges: () => readonly IdRange[]): Promise<Scan> {
    const { journal } = this.#context;
    const all = { webhooks: [] as LiveWebhook[], unread: [] as number[], failure: null as string | null };
    const asked = new Set<number>();
    for (;;) {
      const ids = idsIn(ranges()).filter((id) => !journal.state.owners.has(id) && !asked.has(id));
      if (ids.length === 0) return all;
      for (const id of ids) asked.add(id);
      const { webhooks, unread, failure } = await this.#readWithProof(ids);
      all.webhooks.push(...webhooks);
      all.unread.push(...unread);
      all.failure ??= failure;
      noteHighest(webhooks, journal, this.#at());
    }
  }

  async #readWithProof(ids: readonly number[]): Promise<Scan> {
    const sight = (await this.#canRead(0)) ? await this.#read(ids) : null;
    return sight !== null && (await this.#canRead(0)) ? sight : { ...NOTHING_READ, unread: ids };
  }

  /** All that there is, where the account has the call, and it lacks none of ours; null: it is read id by id. */
  async #list(): Promise<Scan | null> {
    if (!this.#hasList) return null;
    const { api, journal } = this.#context;
    const listed = await api.listWebhooks();
    const webhooks = listed.ok && listed.value !== 'unavailable' ? listed.value : null;
    const ids = new Set(webhooks?.map(({ id }) => id));
    this.#hasList = webhooks !== null && [...journal.state.entries.values()].every(({ id }) => ids.has(id));
    return this.#hasList && webhooks !== null ? { webhooks, unread: [], failure: null } : null;
  }

  /** Whether a webhook of ours, from this id on, can be read as it is. The last first, since a replica may lag. */
  async #canRead(from: number): Promise<boolean> {
    const { api, journal, stop } = this.#context;
    const ours = [...journal.state.entries.values()].filter(({ id }) => id >= from).sort((a, b) => b.id - a.id);
    for (const entry of ours.slice(0, WEBHOOKS_TRIED)) {
      if (stop.aborted) break;
      const outcome = await api.readWebhook(entry.id);
      if (outcome.ok && outcome.value !== 'gone' && isAsItIs(outcome.value, entry)) return true;
    }
    this.#failure = NOTHING_READ.failure;
    return false;
  }
}

/** What was seen once is no later create's: its bound is above it. */
export function noteHighest(webhooks: readonly LiveWebhook[], journal: OpenJournal, at: string): void {
  const id = webhooks.reduce((highest, webhook) => Math.max(highest, webhook.id), 0);
  if (id > (journal.state.highestId ?? 0)) journal.write({ type: 'seen', id, at });
}

function isAsItIs(webhook: LiveWebhook, { spec, updating }: StateEntry): boolean {
  return looksLike(webhook, spec) || (updating !== undefined && looksLike(webhook, updating));
}

import { LOOK, lastLookAbove, upperBound } from '../../src/plan/recovery.js';
import type { ApiRequest } from '../../src/sandbox/model/http.js';
import type { StateRecord } from '../../src/state/records.js';
import type { IdRange, Intent, State } from '../../src/state/state.js';
import { visibleKey, type WebhookSpec, webhookKey } from '../../src/webhook.js';
import { HANDLER_SECRETS } from './edits.js';
import type { CallKind } from './history.js';
import { SETTLE_MS, STATE_PATH, specOf, stateIn, TOKENS } from './terms.js';
import type { World } from './world.js';

const SECRETS = [...HANDLER_SECRETS, TOKENS.ours, TOKENS.other];
const DELETION_LIMIT = { percent: 30, fromManaged: 10 };

/** A POST that left the client. */
export interface SentPost {
  readonly intent: number;
  readonly spec: WebhookSpec;
  /** What the client's clock said when it gave up; null while it waits, or when it died waiting and nobody came since. */
  gaveUpAt: number | null;
  isOver: boolean;
  /** So long after that, by the client's clock, absence may be believed. */
  isSettled: boolean;
}

/** A webhook that a POST of ours made. */
export interface Made {
  readonly post: SentPost;
  /** The server acted later than is relied on, or too far from where a late one is looked for: it may be missed. */
  readonly tooLate: boolean;
}

/** What the witness must know of a process. */
export interface Suspect {
  readonly hold: boolean;
  readonly force: boolean;
  readonly state: State | null;
  account: 'unknown' | 'ours' | 'other';
  /** Webhooks that it took out of the state to delete, and the most that it had. */
  doomed: number;
  managed: number;
}

/** Watches every request, record and printed line, and notes whatever breaks a promise. */
export class Witness {
  readonly violations: string[] = [];
  readonly made = new Map<number, Made>();
  /** Made by hand, and taken for ours as they looked just like what was lost: by id, what the account shows of them. */
  readonly takenOver = new Map<number, string>();
  /** Ranges that were said to hold a double, of entries that were deleted since: with the entry goes the mark. */
  readonly leftDoubts: IdRange[] = [];
  /** Webhooks that were given up, unwanted, and further above their bound than is ever looked. */
  readonly outOfReach = new Set<number>();
  readonly #world: World;
  readonly #scanLimit: number;
  readonly #posts = new Map<ApiRequest, SentPost>();
  /** POSTs by intent that may have been acted on. */
  readonly #mayHaveMade = new Set<number>();

  constructor(world: World, scanLimit: number) {
    this.#world = world;
    this.#scanLimit = scanLimit;
  }

  /** A process starts: what a dead one waited for is given up on from now. */
  onStart(): void {
    for (const post of this.#posts.values()) if (!post.isOver) this.onGivenUp(post);
  }

  onRequest(suspect: Suspect, call: CallKind, id: number | null): void {
    if (call === 'identity') {
      if (suspect.account === 'other') this.#accuse('asked for the identity again with the token of another account');
      return;
    }
    if (suspect.account !== 'ours') this.#accuse(`${call} was sent, and the account is ${suspect.account}`);
    if (call !== 'update' && call !== 'delete') return;
    if (id === null || !(this.made.has(id) || this.takenOver.has(id))) {
      this.#accuse(`${call} of webhook ${id}, which is not ours`);
    }
  }

  /** A POST leaves: its intent is on disk, and nothing that it may double is open. */
  onPost(suspect: Suspect, request: ApiRequest): SentPost {
    const spec = JSON.parse(request.body) as WebhookSpec;
    const key = webhookKey(spec);
    const flushed = stateIn(this.#world.disk.flushed(STATE_PATH));
    const candidates = [...(flushed?.intents.values() ?? [])].filter(
      (intent) =>
        webhookKey(intent.spec) === key && intent.gaveUp === undefined && !this.#mayHaveMade.has(intent.intent),
    );
    const own = candidates.at(-1);
    if (own === undefined) this.#accuse(`POST ${key} without an intent on disk`);
    else this.#checkOthers(suspect, own);
    const post = { intent: own?.intent ?? 0, spec, gaveUpAt: null, isOver: false, isSettled: false };
    this.#mayHaveMade.add(post.intent);
    this.#posts.set(request, post);
    return post;
  }

  #checkOthers(suspect: Suspect, own: Intent): void {
    const state = suspect.state;
    for (const other of state?.intents.values() ?? []) {
      if (other.intent === own.intent || other.absentSince !== undefined) continue;
      const about = `POST for ${own.name}, and intent ${other.intent} of ${other.name} is open`;
      if (other.name !== own.name && webhookKey(other.spec) !== webhookKey(own.spec)) continue;
      if (suspect.hold) this.#accuse(`${about} on hold`);
      const settled = other.gaveUp === undefined ? Infinity : Date.parse(other.gaveUp.at) + SETTLE_MS;
      if (this.#world.clock < settled) this.#accuse(`${about} and not settled`);
      if (state?.idsRise !== true) this.#accuse(`${about} and ids do not rise`);
    }
  }

  /** The client knows that nothing was made, and may send the same intent again. */
  onNotMade(post: SentPost): void {
    this.#mayHaveMade.delete(post.intent);
  }

  onGivenUp(post: SentPost): void {
    post.gaveUpAt = this.#world.clock;
    post.isOver = true;
  }

  /** The client's clock is about to jump, or did. */
  onClock(): void {
    for (const post of this.#posts.values()) {
      if (post.gaveUpAt !== null && this.#world.clock >= post.gaveUpAt + SETTLE_MS) post.isSettled = true;
    }
  }

  onMade(request: ApiRequest, id: number): void {
    this.onClock();
    const post = this.#posts.get(request);
    if (post === undefined) this.#accuse(`webhook ${id} was made by nobody knows what`);
    else this.made.set(id, { post, tooLate: post.isSettled || this.#isOutOfSight(post, id) });
  }

  /**
   * Acted on after the client gave up, where another POST of the same webhook was lost too: found first, that one is
   * taken for the upper bound, and this one is looked for no further above it than just above.
   */
  #isOutOfSight(post: SentPost, id: number): boolean {
    const key = webhookKey(post.spec);
    const others = [...this.#posts.values()].filter((other) => other !== post && webhookKey(other.spec) === key);
    const highest = stateIn(this.#world.disk.flushed(STATE_PATH))?.highestId ?? null;
    return post.isOver && others.some(({ isOver }) => isOver) && highest !== null && id > highest + LOOK.idsAboveBound;
  }

  /** A record is about to be written. */
  onRecord(suspect: Suspect, record: StateRecord): void {
    // One that is found in a later round of a run was managed as well as those that an earlier round deleted.
    suspect.managed = Math.max(suspect.managed, (suspect.state?.entries.size ?? 0) + suspect.doomed);
    if (record.type === 'doomed') {
      suspect.doomed += 1;
      const doubt = suspect.state?.entries.get(record.name)?.possiblyDuplicated;
      if (doubt !== undefined) this.leftDoubts.push(doubt);
    }
    if (record.type === 'absent') this.#onAbsent(suspect, record.intent);
    if (record.type !== 'created' || this.made.has(record.id)) return;
    const intent = suspect.state?.intents.get(record.intent);
    const webhook = this.#world.live.get(record.id);
    const isAbove = intent !== undefined && (intent.above === null || record.id > intent.above);
    if (intent === undefined || webhook === undefined || !isAbove) this.#accuse(`took webhook ${record.id} for ours`);
    else if (visibleKey(specOf(webhook)) !== visibleKey(intent.spec)) {
      this.#accuse(`took webhook ${record.id} for that of ${intent.name}, which it is not like`);
    } else this.takenOver.set(record.id, visibleKey(intent.spec));
  }

  #onAbsent({ state }: Suspect, number: number): void {
    const intent = state?.intents.get(number);
    if (state === null || intent === undefined || intent.above === null || upperBound(intent, state) !== null) return;
    const { to } = lastLookAbove(intent.above, this.#scanLimit);
    for (const [id, { post }] of this.made) if (post.intent === number && id > to) this.outOfReach.add(id);
  }

  onEnd({ doomed, managed, force }: Suspect): void {
    const all = doomed > 0 && doomed >= managed;
    const many = managed >= DELETION_LIMIT.fromManaged && doomed * 100 > DELETION_LIMIT.percent * managed;
    if (!force && (all || many)) this.#accuse(`deleted ${doomed} of ${managed} without being forced to`);
  }

  onPrinted(text: string): void {
    for (const secret of SECRETS) if (text.includes(secret)) this.#accuse(`printed ${secret}: ${text}`);
  }

  accuse(what: string): void {
    this.#accuse(what);
  }

  #accuse(what: string): void {
    this.violations.push(`${new Date(this.#world.time.now()).toISOString()} ${what}`);
  }
}

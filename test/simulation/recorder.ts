import { LOOK_IDS } from '../../src/recovery/proof.js';
import type { ApiRequest } from '../../src/sandbox/model/http.js';
import type { StateRecord } from '../../src/state/records.js';
import type { IdRange, Intent, State } from '../../src/state/state.js';
import { visibleKey, type WebhookSpec, webhookKey } from '../../src/webhook.js';
import { HANDLER_SECRETS } from './edits.js';
import type { CallKind } from './history.js';
import { SETTLE_MS, specOf, TIMEOUT_MS, TOKENS } from './terms.js';
import type { World } from './world.js';

const SECRETS = [...HANDLER_SECRETS, TOKENS.ours, TOKENS.other];
const DELETION_LIMIT = { percent: 30, fromManaged: 10 };
/** How far records may be ahead of the true time: a second by the answer that told it, and the drift. */
const SHARED_CLOCK_ERROR_MS = 3_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A POST that left the client. */
export interface SentPost {
  readonly intent: number;
  readonly name: string;
  readonly spec: WebhookSpec;
  /**
   * What the client's clock said when it gave up, and when that was; null while it waits, or when it died waiting and
   * nobody came since.
   */
  gaveUp: { readonly clock: number; readonly time: number } | null;
  /** What the state says of that; null while it says nothing. */
  recordedAt: number | null;
  isOver: boolean;
  /** So long after that, by the client's clock or in truth, the server is not relied on to act any more. */
  isSettled: boolean;
}

/** A webhook that a POST of ours made. */
export interface Made {
  readonly post: SentPost;
  /** The server acted later than is relied on: it may be missed. */
  readonly tooLate: boolean;
}

/** What the recorder must know of a process. */
export interface Observed {
  readonly hold: boolean;
  readonly force: boolean;
  readonly retry: boolean;
  readonly concurrency: number;
  readonly state: State | null;
  account: 'unknown' | 'ours' | 'other';
  /** Webhooks that it took out of the state to delete, and the most that it had. */
  doomed: number;
  managed: number;
  underWay: number;
  isTrusted: boolean;
}

/** Answers that were lost one after the other, as the recorder counts them. */
interface Row {
  count: number;
  lastAt: number;
  /** What was sent before the last loss was noticed belongs to it. */
  upTo: number;
  /** How often the clock had jumped by then. */
  /** The true time of that: a run measures by a clock that does not jump with the machine's. */
  lastTime: number;
  jumps: number;
}

/** Watches every request, record and printed line, and notes whatever breaks a promise. */
export class Recorder {
  readonly violations: string[] = [];
  readonly made = new Map<number, Made>();
  /** Made by hand, and taken for ours as they looked just like what was lost: by id, what the account shows of them. */
  readonly takenOver = new Map<number, string>();
  /** How many answers to creates were lost, how many ids were read, and the most webhooks of ours that nobody owned. */
  readonly counts = { lost: 0, reads: 0, mostUnowned: 0 };
  readonly #world: World;
  readonly #posts = new Map<ApiRequest, SentPost>();
  /** POSTs by intent that may have been acted on. */
  readonly #mayHaveMade = new Set<number>();
  readonly #row: Row = { count: 0, lastAt: 0, lastTime: 0, upTo: 0, jumps: 0 };

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * A process starts: what a dead one waited for is given up on from now. Of the rest it knows what is written, by the
   * clock that the run began with: if that was set forward since, it is taken to be longer ago.
   */
  onStart(): void {
    for (const post of this.#posts.values()) {
      if (!post.isOver) this.#giveUp(post);
      else if (post.gaveUp !== null && post.recordedAt !== null) {
        post.gaveUp = { ...post.gaveUp, clock: Math.min(post.gaveUp.clock, post.recordedAt) };
      }
    }
  }

  onRequest(observed: Observed, call: CallKind, id: number | null): void {
    if (call === 'read') this.counts.reads += 1;
    if (call === 'identity') {
      if (observed.account === 'other') this.#accuse('asked for the identity again with the token of another account');
      return;
    }
    if (observed.account !== 'ours') this.#accuse(`${call} was sent, and the account is ${observed.account}`);
    if (call !== 'update' && call !== 'delete') return;
    if (id === null || !(this.made.has(id) || this.takenOver.has(id))) {
      this.#accuse(`${call} of webhook ${id}, which is not ours`);
    }
  }

  /** A POST leaves: its intent is on disk, and nothing that it may double is open. */
  onPost(observed: Observed, request: ApiRequest): SentPost {
    const spec = JSON.parse(request.body) as WebhookSpec;
    const own = this.#intentOf(observed, spec);
    if (own === null) this.#accuse(`POST ${webhookKey(spec)} without an intent on disk`);
    else {
      this.#checkOthers(observed, own);
      this.#checkTrulySettled(own);
    }
    this.#checkPace(observed);
    observed.underWay += 1;
    const post = {
      intent: own?.intent ?? 0,
      name: own?.name ?? '',
      spec,
      gaveUp: null,
      recordedAt: null,
      isOver: false,
      isSettled: false,
    };
    this.#mayHaveMade.add(post.intent);
    this.#posts.set(request, post);
    return post;
  }

  #intentOf({ state }: Observed, spec: WebhookSpec): Intent | null {
    const key = webhookKey(spec);
    const candidates = [...(state?.intents.values() ?? [])].filter(
      (intent) =>
        webhookKey(intent.spec) === key &&
        intent.gaveUp === undefined &&
        !this.#mayHaveMade.has(intent.intent) &&
        this.#world.place.hasIntent(intent.intent),
    );
    return candidates.at(-1) ?? null;
  }

  #checkOthers({ state, hold }: Observed, own: Intent): void {
    const key = visibleKey(own.spec);
    for (const other of state?.intents.values() ?? []) {
      if (other.intent === own.intent) continue;
      const about = `POST for ${own.name}, and intent ${other.intent} of ${other.name} is open`;
      if (other.name !== own.name && visibleKey(other.spec) !== key) continue;
      if (hold) this.#accuse(`${about} on hold`);
      const settled = other.gaveUp === undefined ? Infinity : Date.parse(other.gaveUp.at) + SETTLE_MS;
      const { clock, jumps, place } = this.#world;
      if (clock + (place.isShared ? SHARED_CLOCK_ERROR_MS : 0) < settled && jumps === 0)
        this.#accuse(`${about} and not settled`);
      if (settled === Infinity) this.#accuse(`${about} and under way`);
      if (state?.idsRise !== true) this.#accuse(`${about} and ids do not rise`);
      if (other.name === own.name && other.candidates !== undefined) this.#accuse(`${about} and may have been found`);
    }
  }

  /** As nobody else knows it: what another process sent is given up on when that could send no more, and its time is over. */
  #checkTrulySettled(own: Intent): void {
    const { time, place } = this.#world;
    if (!place.isShared) return;
    const key = visibleKey(own.spec);
    const alike = [...this.made.values()].filter(({ post }) => visibleKey(post.spec) === key);
    // What one made too late may have been taken for another's.
    if (alike.some(({ tooLate }) => tooLate)) return;
    const made = new Set(alike.map(({ post }) => post));
    for (const post of this.#posts.values()) {
      const isOpen = post.intent !== own.intent && this.#mayHaveMade.has(post.intent) && !made.has(post);
      if (!isOpen || visibleKey(post.spec) !== key) continue;
      const settled = (post.gaveUp?.time ?? Infinity) + SETTLE_MS;
      if (time.now() + SHARED_CLOCK_ERROR_MS < settled)
        this.#accuse(`POST for ${own.name}, and what was sent for intent ${post.intent} is not settled yet`);
    }
  }

  /** One at a time until one was answered and while something is open; further apart the longer answers are lost. */
  #checkPace({ state, underWay, isTrusted, retry, concurrency }: Observed): void {
    const isOpen = [...(state?.intents.values() ?? [])].some(({ gaveUp }) => gaveUp !== undefined);
    if (underWay > 0 && (isOpen || !isTrusted)) this.#accuse(`${underWay + 1} POSTs at a time, which is not safe`);
    if (underWay >= concurrency) this.#accuse(`${underWay + 1} POSTs at a time`);
    // What a process records that has lost its lease says nothing to the next.
    if (this.#world.place.isShared) return;
    const { count, lastAt, lastTime, jumps } = this.#row;
    const pause = Math.min(SETTLE_MS * 2 ** (count - 1), DAY_MS);
    if (count < 2 || !isOpen || retry || jumps !== this.#world.jumps) return;
    const hasEdited = [...(state?.intents.values() ?? [])].some(({ name, spec }) => this.#isEdited(name, spec));
    const waited = Math.max(this.#world.clock - lastAt, this.#world.time.now() - lastTime);
    if (waited < pause && !hasEdited) {
      this.#accuse(`a POST ${waited} ms after ${count} answers in a row were lost`);
    }
  }

  #isEdited(name: string, sent: WebhookSpec): boolean {
    const entry = this.#world.entries.find((one) => one.name === name);
    return entry !== undefined && webhookKey(entry.spec) !== webhookKey(sent);
  }

  onOutcome(observed: Observed, post: SentPost, kind: string): void {
    observed.underWay -= 1;
    if (kind === 'refused' || kind === 'turned-away') this.#mayHaveMade.delete(post.intent);
    if (kind === 'made') {
      observed.isTrusted = true;
      this.#row.count = 0;
      this.#row.upTo = 0;
    }
    if (kind === 'unknown') {
      observed.isTrusted = false;
      this.counts.lost += 1;
    }
    this.#giveUp(post);
  }

  /** Nobody answers for what others have under way any more; `until`: they could send until then. */
  onTakenOver(until: Date | null): void {
    for (const post of this.#posts.values()) {
      if (post.isOver) continue;
      if (until === null) this.#accuse(`the lease was given back while the POST for ${post.name} was under way`);
      const at = (until?.getTime() ?? this.#world.time.now()) + TIMEOUT_MS;
      post.gaveUp = { clock: at, time: at };
      post.isOver = true;
    }
  }

  #giveUp(post: SentPost): void {
    if (post.isOver) return;
    post.gaveUp = { clock: this.#world.clock, time: this.#world.time.now() };
    post.isOver = true;
  }

  /** The client's clock is about to jump, or did. */
  onClock(): void {
    const { clock, time } = this.#world;
    for (const post of this.#posts.values()) {
      if (post.gaveUp === null) continue;
      // A clock that was set back makes nobody wait longer: such a time counts as now.
      const waited = Math.max(clock - post.gaveUp.clock, time.now() - post.gaveUp.time);
      if (waited >= SETTLE_MS) post.isSettled = true;
    }
  }

  onMade(request: ApiRequest, id: number): void {
    this.onClock();
    const post = this.#posts.get(request);
    if (post === undefined) this.#accuse(`webhook ${id} was made by nobody knows what`);
    else this.made.set(id, { post, tooLate: post.isSettled });
  }

  /** A record is about to be written. */
  onRecord(observed: Observed, record: StateRecord): void {
    switch (record.type) {
      case 'deleting':
        // One that is found in a later round of a run was managed as well as those that an earlier round deleted.
        observed.managed = Math.max(observed.managed, this.#guarded(observed.state) + observed.doomed);
        if (!this.#world.removed.has(record.name)) observed.doomed += 1;
        if (observed.state?.entries.get(record.name)?.isProtected)
          this.#accuse(`deletes ${record.name}, which is protected`);
        break;
      case 'unknown':
        this.#onLost(observed, record.intent, Date.parse(record.at));
        break;
      case 'matched':
        this.#row.count = 0;
        this.#row.upTo = 0;
        for (const id of [record.id, ...record.others]) this.#onAdopted(observed, record.name, record.intents, id);
        break;
      case 'lookedAgain':
        this.#onSecondLook(observed, record.intent, record.found ?? []);
        break;
      case 'created':
        if (!this.made.has(record.id)) {
          const { name = '' } = observed.state?.intents.get(record.intent) ?? {};
          this.#onAdopted(observed, name, [record.intent], record.id);
        }
        break;
    }
  }

  /** How many webhooks the deletion guard counts: what left the manifest and is named there, or protected, is not. */
  #guarded(state: State | null): number {
    const wanted = new Set(this.#world.entries.map(({ name }) => name));
    const entries = [...(state?.entries ?? [])];
    return entries.filter(([name, { isProtected }]) => {
      return wanted.has(name) || !(this.#world.removed.has(name) || isProtected);
    }).length;
  }

  /** What the server made later than is relied on is still found, where it is near. */
  #onSecondLook({ state }: Observed, number: number, found: readonly IdRange[]): void {
    const { witness } = state?.closed.get(number) ?? { witness: null };
    if (state === null || witness === null) return;
    const { scanLimit, live } = this.#world;
    const last = Math.min((state.highestId ?? 0) + LOOK_IDS, witness + scanLimit);
    for (const [id, { post }] of this.made) {
      const isNear = post.intent === number && id >= witness && id <= last;
      if (!isNear || !live.has(id) || state.owners.has(id) || this.#isLagging(id)) continue;
      if (!found.some(({ from, to }) => from <= id && id <= to)) this.#accuse(`the second look passed over ${id}`);
    }
  }

  /** It was made while the second look read. */
  #isLagging(id: number): boolean {
    return this.#world.isNew(id);
  }

  #onLost({ state }: Observed, number: number, at: number): void {
    const intent = state?.intents.get(number);
    if (intent === undefined || state === null) return;
    for (const post of this.#posts.values()) if (post.intent === number) post.recordedAt = at;
    if (intent.gaveUp === undefined && number > this.#row.upTo) {
      this.#row.count += 1;
      this.#row.upTo = state.nextIntent - 1;
    }
    this.#row.lastAt = at;
    this.#row.lastTime = this.#world.time.now();
    this.#row.jumps = this.#world.jumps;
  }

  #onAdopted({ state }: Observed, name: string, intents: readonly number[], id: number): void {
    const own = intents.flatMap((number) => state?.intents.get(number) ?? []);
    const webhook = this.#world.live.get(id);
    const fits = own.filter(({ above }) => above === null || id > above);
    if (webhook === undefined || fits.length === 0) this.#accuse(`took webhook ${id} for ours`);
    else if (!fits.some(({ spec }) => visibleKey(spec) === visibleKey(specOf(webhook)))) {
      this.#accuse(`took webhook ${id} for that of ${name}, which it is not like`);
    } else if (!this.made.has(id)) this.takenOver.set(id, visibleKey(specOf(webhook)));
  }

  /** Once in a while: how many live webhooks of ours nobody has. */
  countUnowned(state: State | null): void {
    if (state === null) return;
    const { live } = this.#world;
    let unowned = 0;
    for (const id of this.made.keys()) if (live.has(id) && !state.owners.has(id)) unowned += 1;
    this.counts.mostUnowned = Math.max(this.counts.mostUnowned, unowned);
  }

  onEnd(observed: Observed): void {
    const { doomed, managed, force } = observed;
    const all = doomed > 0 && doomed >= managed;
    const many = managed >= DELETION_LIMIT.fromManaged && doomed * 100 > DELETION_LIMIT.percent * managed;
    if (!force && (all || many)) this.#accuse(`deleted ${doomed} of ${managed} without being forced to`);
    this.countUnowned(observed.state);
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

import type { StoredWebhook } from '../../src/sandbox/model/account.js';
import type { ApiRequest, ApiResponse } from '../../src/sandbox/model/http.js';
import { DEFAULT_ACCOUNT } from '../../src/sandbox/model/options.js';
import { SandboxModel } from '../../src/sandbox/model/sandbox-model.js';
import type { State } from '../../src/state/state.js';
import { type Entries, isValid } from './edits.js';
import type { CallKind, History, NoConnection } from './history.js';
import { filePlace, type Place } from './place.js';
import { Recorder } from './recorder.js';
import { START, TOKENS } from './terms.js';
import { VirtualTime } from './virtual-time.js';

/** The model, and word of what comes into being in it. */
class WatchedModel extends SandboxModel {
  onMade: (request: ApiRequest, id: number) => void = () => {};

  override act(request: ApiRequest, now: number): ApiResponse {
    const next = this.nextId;
    const response = super.act(request, now);
    if (this.nextId > next) this.onMade(request, next);
    return response;
  }
}

/**
 * One account, one place for the state, one manifest, and the clock of the machine, in simulated time. Processes come
 * and go.
 */
export class World {
  readonly time = new VirtualTime(START);
  readonly model: WatchedModel;
  readonly recorder: Recorder;
  readonly place: Place;
  entries: Entries;
  /** Names that the manifest has listed under `removed` at some time. */
  readonly removed = new Set<string>();
  isBroken = false;
  noConnection: (NoConnection & { seen: number })[] = [];
  /** Ids of which no read is answered. */
  readonly unreadable = new Set<number>();
  /** How long a new webhook is not there for those who read it. */
  readLagMs = 0;
  /** How many ids others take, at the most, after each that is ours. */
  othersBetween = 0;
  /** How many ids are read for one lost webhook at most. */
  readonly scanLimit: number;
  /** How often the clock of the client's machine jumped. */
  jumps = 0;
  readonly #madeAt = new Map<number, number>();
  #random: number;
  /** How far the clock of the client's machine is ahead. */
  #aheadMs = 0;

  constructor(
    history: Pick<History, 'seed' | 'first' | 'limits' | 'list' | 'putWithoutCallers' | 'scanLimit'>,
    placeIn: (world: World) => Place = filePlace,
  ) {
    const { limits, list, putWithoutCallers, scanLimit } = history;
    this.scanLimit = scanLimit;
    const other = { ...DEFAULT_ACCOUNT.identity, id: '99', name: 'Another' };
    this.model = new WatchedModel({
      accounts: [
        { ...DEFAULT_ACCOUNT, token: TOKENS.ours },
        { token: TOKENS.other, identity: other },
      ],
      quirks: { limits, list, putWithoutCallers },
    });
    this.entries = history.first;
    this.#random = history.seed;
    this.recorder = new Recorder(this);
    this.place = placeIn(this);
    this.model.onMade = (request, id) => {
      this.#madeAt.set(id, this.time.now());
      this.recorder.onMade(request, id);
      const others = Math.floor(this.random() * (this.othersBetween + 1));
      if (others > 0) this.model.takeIds(others);
    };
  }

  /** What the client's machine takes for now. */
  get clock(): number {
    return this.time.now() + this.#aheadMs;
  }

  jump(byMs: number): void {
    this.recorder.onClock();
    this.#aheadMs += byMs;
    this.jumps += 1;
    this.recorder.onClock();
  }

  /** From 0 to below 1, the same each time. */
  random(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }

  /** The state as a new process would find it, or null before the first run. */
  get state(): State | null {
    return this.place.state;
  }

  get isManifestValid(): boolean {
    return !this.isBroken && isValid(this.entries);
  }

  /** So new that a look that is under way may have been there before. */
  isNew(id: number): boolean {
    return this.time.now() - (this.#madeAt.get(id) ?? 0) < 60_000;
  }

  /** A replica that lags does not have it yet. */
  isBehind(id: number): boolean {
    return this.time.now() - (this.#madeAt.get(id) ?? 0) < this.readLagMs;
  }

  /** True: no connection can be opened for this call. */
  takesNoConnection(call: CallKind): boolean {
    const fitting = this.noConnection.filter((rule) => rule.on === 'any' || rule.on === call);
    for (const rule of fitting) rule.seen += 1;
    return fitting.some(({ seen, nth, times }) => seen >= nth && seen < nth + times);
  }

  /** Live webhooks of the account by id. */
  get live(): ReadonlyMap<number, StoredWebhook> {
    return new Map(this.model.webhooks().map((webhook) => [webhook.id, webhook]));
  }
}

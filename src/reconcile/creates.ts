import { forEachAtATime, type Semaphore, semaphore } from '../concurrent.js';
import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';
import { groupBy } from '../plan/group.js';
import { inOrderOfResending, mayResend, msUntilRipe, pauseMs } from '../recovery/sending.js';
import { visibleKey, webhookKey } from '../webhook.js';
import { sendCreate } from './actions.js';
import type { ApplyContext } from './context.js';
import { heldBackError, stoppedError } from './failures.js';
import type { InTurn } from './post.js';

export type PostChange = Extract<Change, { action: 'create' | 'replace' | 'recover' }>;

/** Intents are flushed for the next requests too, so that no request waits for its own flush. */
const AHEAD = 2;

/** Why creates were not sent in this round. `witness`: one was answered, so that what is open can be settled now. */
type Stopped = 'lost' | 'paused' | 'alike' | 'witness' | 'stopped';

/**
 * Sends creates, as fast as is safe:
 *
 *     open intents            answered since the last loss   at a time            when an answer is lost
 *     ---------------------   ----------------------------   ------------------   --------------------------------
 *     none                    no                             one                  what is on the wire is waited for
 *     none                    yes                            as many as allowed   and looked for; if all is found,
 *     some                    any                            one, after a pause   creating goes on; else the round ends
 *
 * So an outage leaves open at most what was on the wire, and one more in each round. Creates that look alike go one at
 * a time, and wait while an open intent looks like them. When nothing else can be sent, one of the lost creates is sent
 * again: its answer tells how far to look for what the earlier ones made.
 */
export class Creates {
  readonly #context: ApplyContext;
  readonly #onResult: (result: AppliedChange) => void;
  /** In groups that look alike, in the order of the plan. */
  readonly #waiting: PostChange[][];
  readonly #lost: PostChange[];
  readonly #wire: Semaphore;
  #isTrusted = false;
  #answered = false;

  constructor(changes: readonly PostChange[], context: ApplyContext, onResult: (result: AppliedChange) => void) {
    this.#context = context;
    this.#onResult = onResult;
    this.#wire = semaphore(context.concurrency);
    const fresh = changes.filter(({ action }) => action !== 'recover');
    this.#waiting = [...groupBy(fresh, ({ desired }) => visibleKey(desired.spec)).values()];
    this.#lost = changes.filter(({ action }) => action === 'recover');
  }

  async send(): Promise<void> {
    const why = await this.#sendFresh();
    if (why === null || why === 'alike' || why === 'paused') await this.#sendOneAgain();
    const { stop, journal, settling, now } = this.#context;
    const waitMs = Math.max(
      pauseMs(journal.state, settling.settleMs, now().getTime()),
      msUntilRipe(journal.state, settling.settleMs, now().getTime()),
    );
    for (const change of this.#waiting.flat()) {
      const error = stop.aborted ? stoppedError(change) : heldBackError(change, { isAlike: why === 'alike', waitMs });
      this.#onResult({ change, result: 'skipped', id: null, error });
    }
  }

  /** Null: all new creates were sent. */
  async #sendFresh(): Promise<Stopped | null> {
    while (this.#waiting.length > 0) {
      if (this.#context.stop.aborted) return 'stopped';
      const isOpen = this.#state.intents.size > 0;
      const why = isOpen ? await this.#sendBesideOpen() : await this.#sendFreely();
      if (why !== null) return why;
    }
    return null;
  }

  get #state() {
    return this.#context.journal.state;
  }

  /** Sends one create, or several at a time once one was answered, until an answer is lost. */
  async #sendFreely(): Promise<Stopped | null> {
    if (!this.#isTrusted) {
      const [change] = this.#waiting[0] ?? [];
      if (change !== undefined && (await this.#sendOne(this.#taken(change))) === 'withheld')
        this.#waiting.unshift([change]);
      return this.#settleLosses();
    }
    const unsent: PostChange[][] = [];
    const { concurrency, onUncertain } = this.#context;
    const atATime = onUncertain === 'hold' ? concurrency : concurrency * AHEAD;
    await forEachAtATime(this.#waiting.splice(0), atATime, async (group) => {
      while (group.length > 0 && this.#isTrusted && !this.#context.stop.aborted) {
        const [change] = group.splice(0, 1);
        if (change !== undefined && (await this.#sendOne(change)) === 'withheld') group.unshift(change);
      }
      if (group.length > 0) unsent.push(group);
    });
    // Still in the order of the plan, since they were begun in that order.
    this.#waiting.push(...unsent);
    return this.#settleLosses();
  }

  /** Looks at once for what was lost. Null: nothing is open any more. */
  async #settleLosses(): Promise<Stopped | null> {
    if (this.#state.intents.size === 0) return null;
    await this.#context.recovery.look();
    return this.#state.intents.size === 0 ? null : 'lost';
  }

  async #sendBesideOpen(): Promise<Stopped | null> {
    const open = new Set([...this.#state.intents.values()].map(({ spec }) => visibleKey(spec)));
    const group = this.#waiting.find(([change]) => change !== undefined && !open.has(visibleKey(change.desired.spec)));
    const [change] = group ?? [];
    if (change === undefined) return 'alike';
    if (!this.#mayPostNow(change)) return 'paused';
    const wasRipe = this.#isAllRipe();
    const result = await this.#sendOne(this.#taken(change));
    if (result === 'withheld') this.#waiting.unshift([change]);
    if (result === 'lost') return this.#settleLosses();
    // Its id is the witness for everything open: settling that first lets the rest go faster.
    return result === 'answered' && wasRipe ? 'witness' : null;
  }

  /** An entry that was edited since its answers were lost need not wait: the edit may have fixed the cause. */
  #mayPostNow(change: PostChange): boolean {
    const { settling, now, takeRetry } = this.#context;
    if (pauseMs(this.#state, settling.settleMs, now().getTime()) === 0) return true;
    const key = webhookKey(change.desired.spec);
    const isEdited = change.action === 'recover' && change.intents.every(({ spec }) => webhookKey(spec) !== key);
    return isEdited || takeRetry();
  }

  #isAllRipe(): boolean {
    return msUntilRipe(this.#state, this.#context.settling.settleMs, this.#context.now().getTime()) === 0;
  }

  async #sendOneAgain(): Promise<void> {
    const { onUncertain, settling, now, stop } = this.#context;
    const state = this.#state;
    const isSettlable = state.idsRise && onUncertain === 'recover' && !this.#answered;
    if (!isSettlable || state.intents.size === 0 || !this.#isAllRipe()) return;
    const wanted = [...this.#lost, ...this.#likeUnwanted()].map((change) => {
      return { change, name: change.name, spec: change.desired.spec };
    });
    for (const candidate of inOrderOfResending(wanted, state)) {
      if (stop.aborted) return;
      if (!mayResend(candidate, state, settling, now().getTime())) continue;
      if (!this.#mayPostNow(candidate.change)) continue;
      const result = await this.#sendOne(this.#taken(candidate.change));
      if (result === 'lost') await this.#context.recovery.look();
      if (result !== 'refused') return;
    }
  }

  /** Creates that wait only for an open intent which no entry wants any more: their answers are witnesses, too. */
  #likeUnwanted(): PostChange[] {
    const names = new Set(this.#lost.map(({ name }) => name));
    const open = [...this.#state.intents.values()].filter(({ name }) => names.has(name));
    const keys = new Set(open.map(({ spec }) => visibleKey(spec)));
    return this.#waiting.flatMap(([change]) =>
      change === undefined || keys.has(visibleKey(change.desired.spec)) ? [] : [change],
    );
  }

  /** Takes the change out of the waiting ones. */
  #taken(change: PostChange): PostChange {
    const group = this.#waiting.find((one) => one.includes(change));
    group?.splice(group.indexOf(change), 1);
    if (group?.length === 0) this.#waiting.splice(this.#waiting.indexOf(group), 1);
    return change;
  }

  async #sendOne(change: PostChange): Promise<'answered' | 'lost' | 'refused' | 'withheld'> {
    const wasTrusted = this.#isTrusted;
    const { outcome, applied } = await sendCreate(change, this.#context, (send) =>
      this.#wire(() => this.#inTurn(send, wasTrusted)),
    );
    if (outcome === 'withheld') return 'withheld';
    if (outcome === 'answered') {
      this.#answered = true;
      if (!wasTrusted) this.#isTrusted = true;
    }
    this.#onResult(applied);
    return outcome;
  }

  /** Ensures that an answer that was lost, or can't be recorded, is known before the next request has its turn. */
  async #inTurn(send: Parameters<InTurn>[0], wasTrusted: boolean): ReturnType<InTurn> {
    if (wasTrusted && !this.#isTrusted) return 'withheld';
    let isKnown = false;
    try {
      const outcome = await send();
      isKnown = outcome === 'withheld' || outcome.ok || outcome.kind !== 'unknown';
      return outcome;
    } finally {
      if (!isKnown) this.#isTrusted = false;
    }
  }
}

import { type Problem, ProductError } from '../errors.js';
import { type Candidate, decide, type Leadership, type LeadLease, type LeadLeases } from './leadership.js';

export interface StandOptions {
  /** The name of its state, unique among accounts. */
  readonly name: string;
  readonly mayBegin: boolean;
  /** Called when the result changes, or the problems with finding out do. */
  readonly onChange: (found: Found) => void;
}

export interface Found {
  readonly leadership: Leadership;
  /** Why the place of the state did not answer. Null: it did. */
  readonly problems: readonly Problem[] | null;
  /** Who leads instead, for people. Null: nobody, this process, or unknown. */
  readonly by: string | null;
}

/** One account's view of the elections. */
export interface Candidacy {
  readonly leadership: Leadership;
  /** True once a state was seen that has been begun. */
  readonly hasState: boolean;
  /** Resolves after the first attempt to find out, even if that failed. */
  readonly decided: Promise<void>;
  /**
   * Called before a run; the account stays with this process until the run ends. Null: another process leads. While the
   * leader is unknown the run is made: without the place of the state it can't begin anyway.
   */
  beginRun(): Promise<{ readonly end: () => void } | null>;
  /** Gives the lease back, unless a run is under way: then the lease expires. Never rejects. */
  withdraw(): Promise<void>;
}

export const LOOK_EVERY_MS = 1_000;

class Standing implements Candidacy {
  readonly #options: StandOptions;
  readonly #elections: Pick<Elections, 'isTrusted' | 'look' | 'withdraw'>;
  #found: Found = { leadership: 'unknown', problems: null, by: null };
  hasState = false;
  /** It leads by a lease, and not because there is no state that could have one. */
  hasLease = false;
  isRunning = false;
  isStopping = false;
  decided: Promise<void> = Promise.resolve();

  constructor(options: StandOptions, elections: Pick<Elections, 'isTrusted' | 'look' | 'withdraw'>) {
    this.#options = options;
    this.#elections = elections;
  }

  get name(): string {
    return this.#options.name;
  }

  get mayBegin(): boolean {
    return this.#options.mayBegin && !this.hasState;
  }

  get leadership(): Leadership {
    return this.#found.leadership;
  }

  set(found: Found): void {
    const isSame = JSON.stringify(found) === JSON.stringify(this.#found);
    this.#found = found;
    if (!isSame && !this.isStopping) this.#options.onChange(found);
  }

  async beginRun(): Promise<{ readonly end: () => void } | null> {
    if (this.leadership !== 'leading' || !this.#elections.isTrusted()) await this.#elections.look();
    if (this.leadership === 'standing-by' || this.isStopping) return null;
    this.isRunning = true;
    return {
      end: () => {
        this.isRunning = false;
      },
    };
  }

  withdraw(): Promise<void> {
    this.isStopping = true;
    return this.#elections.withdraw(this);
  }
}

/**
 * Finds out which accounts this process leads, for all accounts whose states are in one place, with one look a second
 * for all of them. Only what a look finds counts: if an answer was lost, the next look makes up for it.
 */
export class Elections {
  readonly #leases: LeadLeases;
  readonly #standing = new Set<Standing>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #leaving: Promise<void> | null = null;

  constructor(leases: LeadLeases) {
    this.#leases = leases;
  }

  stand(options: StandOptions): Candidacy {
    const standing = new Standing(options, this);
    this.#standing.add(standing);
    standing.decided = this.look();
    return standing;
  }

  isTrusted(): boolean {
    return this.#leases.isTrusted();
  }

  /** A look that begins from now on: one for all callers that ask during another look. Never rejects. */
  look(): Promise<void> {
    this.#next ??= this.#lookAfter(this.#looking);
    return this.#next;
  }

  async #lookAfter(before: Promise<void> | null): Promise<void> {
    await before;
    // All callers in one turn of the event loop share one look.
    await new Promise((resolve) => setImmediate(resolve));
    this.#looking = this.#next;
    this.#next = null;
    clearTimeout(this.#timer);
    try {
      await this.#lookAt([...this.#standing]);
    } catch (error) {
      // Anything else is a bug of this program and ends it.
      if (!(error instanceof ProductError)) throw error;
      this.#failed(error.problems);
    }
    if (this.#standing.size > 0) this.#timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  async #lookAt(all: readonly Standing[]): Promise<void> {
    this.#distrust();
    if (all.length === 0) return;
    const { leases, replicas } = await this.#leases.look(all.map(({ name, mayBegin }) => ({ name, mayBegin })));
    const decisions = decide(
      all.map((standing) => candidateOf(standing, leases.get(standing.name))),
      replicas,
    );
    const given = all.filter(({ name }) => decisions.get(name) === 'give-back');
    const stopped = all.filter(({ isStopping, isRunning }) => isStopping && !isRunning);
    // Before the leases are given back, so that no run begins in between.
    for (const standing of given) standing.set({ leadership: 'standing-by', problems: null, by: null });
    const wanted = all.flatMap(({ name }) => {
      const lease = leases.get(name);
      return lease !== undefined && decisions.get(name) === 'take' ? [{ name, epoch: lease.epoch }] : [];
    });
    const taken = wanted.length === 0 ? new Set<string>() : await this.#leases.take(wanted);
    if (given.length > 0) await this.#leases.giveBack(given.map(({ name }) => name));
    for (const standing of all) {
      const lease = leases.get(standing.name);
      if (lease?.isBegun === true) standing.hasState = true;
      standing.hasLease = lease !== undefined;
      if (stopped.includes(standing)) this.#standing.delete(standing);
      else if (!given.includes(standing)) standing.set(foundOf(lease, taken.has(standing.name)));
    }
  }

  /** If the leases could not be renewed in time, this process no longer leads. */
  #distrust(): void {
    if (this.#leases.isTrusted()) return;
    for (const standing of this.#standing) {
      if (standing.hasLease && standing.leadership === 'leading')
        standing.set({ leadership: 'unknown', problems: null, by: null });
    }
  }

  #failed(problems: readonly Problem[]): void {
    this.#distrust();
    for (const standing of this.#standing) standing.set({ leadership: standing.leadership, problems, by: null });
  }

  async withdraw(standing: Standing): Promise<void> {
    if (standing.leadership === 'standing-by') this.#standing.delete(standing);
    else if (!standing.isRunning) await this.look();
    if ([...this.#standing].some(({ isStopping }) => !isStopping)) return;
    this.#standing.clear();
    clearTimeout(this.#timer);
    await this.#looking;
    this.#leaving ??= this.#leases.leave();
    await this.#leaving;
  }
}

function candidateOf({ name, isRunning, isStopping }: Standing, lease: LeadLease | undefined): Candidate {
  return { name, lease: lease?.status ?? 'none', isRunning, isStopping };
}

/** If there is no state, a run reports that. */
function foundOf(lease: LeadLease | undefined, isTaken: boolean): Found {
  const leads = lease === undefined || lease.status === 'ours' || isTaken;
  if (leads) return { leadership: 'leading', problems: null, by: null };
  return { leadership: 'standing-by', problems: null, by: lease.by };
}

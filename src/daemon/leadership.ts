/**
 * One of several processes with the same state leads: it makes the runs, and the others stand by. A lease beside the
 * state decides this for each account.
 *
 * `unknown`: this process can't tell, since it has had no answer yet, or none for too long.
 */
export type Leadership = 'leading' | 'standing-by' | 'unknown';

/** An account that this process could lead. */
export interface Candidate {
  readonly name: string;
  /** `none`: there is nothing to lead, since no state was ever begun. */
  readonly lease: 'ours' | 'free' | 'taken' | 'none';
  readonly isRunning: boolean;
  readonly isStopping: boolean;
}

export type Decision = 'take' | 'give-back' | 'stay';

/**
 * Decides about each account. No replica leads more than its even share, rounded up, of the accounts it stands for: so
 * together they can lead all, and one that joins finds its share free. `replicas`: how many live ones stand for the
 * same accounts, including this one.
 *
 *     lease        stopping  run under way  leads so far     does
 *     -----------  --------  -------------  ---------------  --------------------------------------------
 *     ours         yes       no             –                gives back
 *     ours         no        no             above its share  gives back, the last names first
 *     ours         any       yes            –                stays: leadership only moves between runs
 *     ours         no        no             its share        stays
 *     free         no        –              below its share  takes, the first names first
 *     free         no        –              its share        stays: another replica takes it
 *     free         yes       –              –                stays
 *     taken, none  –         –              –                stays
 */
export function decide(candidates: readonly Candidate[], replicas: number): ReadonlyMap<string, Decision> {
  const standing = candidates.filter(({ isStopping }) => !isStopping);
  const share = Math.ceil(standing.length / Math.max(1, replicas));
  const led = standing.filter(({ lease }) => lease === 'ours');
  const byName = standing.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const free = byName.filter(({ lease }) => lease === 'free');
  const idle = byName.filter(({ lease, isRunning }) => lease === 'ours' && !isRunning);
  const taken = free.slice(0, Math.max(0, share - led.length));
  const tooMany = idle.toReversed().slice(0, Math.max(0, led.length - share));
  const stopped = candidates.filter(({ lease, isStopping, isRunning }) => lease === 'ours' && isStopping && !isRunning);
  return new Map<string, Decision>([
    ...candidates.map(({ name }) => [name, 'stay'] as const),
    ...taken.map(({ name }) => [name, 'take'] as const),
    ...[...tooMany, ...stopped].map(({ name }) => [name, 'give-back'] as const),
  ]);
}

/** The state of a lease whose holder leads an account. */
export interface LeadLease {
  readonly status: 'ours' | 'free' | 'taken';
  /** Changes each time somebody takes it. */
  readonly epoch: number;
  /** A state was begun: from now on a missing one is not a first run. */
  readonly isBegun: boolean;
  /** Who leads, for people. Null: nobody. */
  readonly by: string | null;
}

/** The leases of all accounts whose states are in one place, of any kind. Each call rejects if the place fails. */
export interface LeadLeases {
  /** The leases as they are now, in one query. A name that is missing in the answer has no state. */
  look(accounts: readonly { readonly name: string; readonly mayBegin: boolean }[]): Promise<{
    readonly leases: ReadonlyMap<string, LeadLease>;
    /** Live replicas that stand for the same accounts, including this one. */
    readonly replicas: number;
  }>;
  /** Takes those that nobody else has taken since. Returns their names. */
  take(wanted: readonly { readonly name: string; readonly epoch: number }[]): Promise<ReadonlySet<string>>;
  giveBack(names: readonly string[]): Promise<void>;
  /** True while what the last look found to be ours still is. */
  isTrusted(): boolean;
  /** None is needed any more. Never rejects. */
  leave(): Promise<void>;
}

/**
 * Of several processes with one state, one leads: it makes the runs, and the others stand by. Which one is decided for
 * each account by a lease beside the state.
 *
 * `unknown`: this process can't tell, since it has not been answered yet or not for too long.
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
 * What is done about each account. No replica leads more than its even share, rounded up, of the accounts that it
 * stands for; so together they can lead all of them, and one that joins finds its share free. `replicas`: how many
 * live ones stand for the same accounts, this one included.
 *
 *     lease        stopping  run under way  leads so far     does
 *     -----------  --------  -------------  ---------------  --------------------------------------------
 *     ours         yes       no             –                gives back
 *     ours         no        no             above its share  gives back, the last names first
 *     ours         any       yes            –                stays: leadership moves between runs only
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

/** How a lease is that makes its holder the leader of an account. */
export interface LeadLease {
  readonly status: 'ours' | 'free' | 'taken';
  /** It is another one when anybody took it since. */
  readonly epoch: number;
  /** A state was begun: it is never taken for the first time again. */
  readonly isBegun: boolean;
  /** Who leads, for people. Null: nobody. */
  readonly by: string | null;
}

/** The leases of all accounts whose states are in one place, whatever that is. Each call rejects as the place does. */
export interface LeadLeases {
  /** How they are now, in one query. A name that is missing in the answer has no state. */
  look(accounts: readonly { readonly name: string; readonly mayBegin: boolean }[]): Promise<{
    readonly leases: ReadonlyMap<string, LeadLease>;
    /** Live ones that stand for the same accounts, this one included. */
    readonly replicas: number;
  }>;
  /** Takes those that nobody took since. Gives back the names of them. */
  take(wanted: readonly { readonly name: string; readonly epoch: number }[]): Promise<ReadonlySet<string>>;
  giveBack(names: readonly string[]): Promise<void>;
  /** What the last look found to be ours is so still. */
  isTrusted(): boolean;
  /** None is needed any more. Never rejects. */
  leave(): Promise<void>;
}

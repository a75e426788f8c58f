/** How long a manifest that was applied before the latest waits for its own copy to catch up. */
export const CATCH_UP_MS = 120_000;

/**
 * Whether a manifest may be applied to a state that others apply theirs to. The copies of several replicas are not
 * replaced at the same moment: one that is behind would undo the latest, and the next run would do it again.
 *
 *     manifest                                               does
 *     -----------------------------------------------------  ------------------------------------------
 *     never applied, or the latest that was                  is applied
 *     applied before the latest; the latest was here before  is applied: somebody went back to it
 *     applied before the latest; seen for less than 2 min    waits
 *     applied before the latest; seen for 2 min              is applied: it is what is wanted here
 */
export class CatchUp {
  readonly #now: () => number;
  /** Digests of the manifests that this process has had. */
  readonly #had = new Set<string>();
  #behind: { readonly digest: string; readonly since: number } | null = null;

  /** `now`: milliseconds on a clock that only goes forward. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** This manifest is in force here, whether or not it is applied. */
  has(digest: string): void {
    this.#had.add(digest);
  }

  /** For how long it has to wait, in milliseconds; 0: not at all. `applied`: the latest last. */
  waitMs(digest: string, applied: readonly string[]): number {
    const latest = applied.at(-1);
    const isBehind = latest !== undefined && digest !== latest && applied.includes(digest) && !this.#had.has(latest);
    this.has(digest);
    if (!isBehind) {
      this.#behind = null;
      return 0;
    }
    if (this.#behind?.digest !== digest) this.#behind = { digest, since: this.#now() };
    return Math.max(0, Math.ceil(this.#behind.since + CATCH_UP_MS - this.#now()));
  }
}

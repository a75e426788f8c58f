/** How long an outdated manifest waits for its own copy to catch up. */
export const CATCH_UP_MS = 120_000;

/**
 * Decides whether a manifest may be applied to a state that others also apply theirs to. The copies of several replicas
 * are not replaced at the same moment: an outdated copy would undo the latest, and the next run would redo it.
 *
 *     manifest                                               then
 *     -----------------------------------------------------  ------------------------------------------
 *     never applied, or the latest applied                   is applied
 *     applied before the latest; the latest was here before  is applied: somebody went back to it
 *     applied before the latest; seen for less than 2 min    waits
 *     applied before the latest; seen for 2 min              is applied: it is wanted here
 */
export class CatchUp {
  readonly #now: () => number;
  /** Digests of the manifests that were in force in this process. */
  readonly #had = new Set<string>();
  #behind: { readonly digest: string; readonly since: number } | null = null;

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Notes that this manifest is in force here, whether or not it is applied. */
  has(digest: string): void {
    this.#had.add(digest);
  }

  /** How long it still has to wait, in milliseconds; 0: not at all. `applied`: the latest last. */
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Problem, ProductError } from '../errors.js';
import { logProblem } from '../log.js';
import type { ValidManifest } from '../reconcile/ports.js';
import type { Look, WatchedManifest } from './manifest-file.js';

/**
 * `apartMs`: a change counts when two looks so far apart see the same, so that a half-written file is waited out. A
 * writer that pauses for longer in the middle is seen half-written, and again when it is done: waiting for longer would
 * make every edit slow for that rare one. `most`: what changes all the time is taken as it is after so many.
 */
export const LOOKS = { apartMs: 50, most: 15 };

/**
 * For how long the manifest has to be the same before what left it may be deleted. A writer that pauses half-way leaves
 * a valid file with half of the entries for a moment, and a webhook that is deleted and made again loses events.
 */
export const PRUNE_AFTER_MS = 10_000;

/**
 * The last valid manifest. A broken or missing one leaves it in force; the trouble is logged once, until it changes or
 * is repaired. What counts is the content: the same bytes again are no change.
 */
export class LastGoodManifest {
  readonly #manifest: Pick<WatchedManifest, 'look' | 'commit'>;
  readonly #log: Logger;
  readonly #now: () => number;
  /** Of the content that was read last; null: none was. */
  #identity: string | null = null;
  #good: ValidManifest | null = null;
  #problems: readonly Problem[] = [];
  #commit: string | null = null;
  #changedAt = Number.POSITIVE_INFINITY;
  #reloading: Promise<unknown> = Promise.resolve();

  /** `now`: milliseconds on a clock that only goes forward. */
  constructor(
    manifest: Pick<WatchedManifest, 'look' | 'commit'>,
    log: Logger,
    now: () => number = () => performance.now(),
  ) {
    this.#manifest = manifest;
    this.#log = log;
    this.#now = now;
  }

  /** The problems of the manifest as it is now; empty when it is in force. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The manifest in force, or null while there has been none. */
  get good(): ValidManifest | null {
    return this.#good;
  }

  /**
   * The commit that was checked out when the file was last seen to be what is in force; null: unknown. One that leaves
   * the file as it was counts too. Git writes files before it moves HEAD, so for a moment it may be the one before.
   */
  get commit(): string | null {
    return this.#commit;
  }

  /**
   * In how many milliseconds what left the manifest may be deleted, unless it changes again; 0: now. Null while the
   * file is not what is in force: it will have changed by then. The first reading is a change like any other, since
   * nobody knows how old the file is: its time stamps are those of a clock that may have been set.
   */
  get pruneInMs(): number | null {
    if (this.#problems.length > 0 || this.#good === null) return null;
    return Math.max(0, Math.ceil(this.#changedAt + PRUNE_AFTER_MS - this.#now()));
  }

  /**
   * Looks again. True: there is a new valid manifest. One look at a time, in the order of the calls: an older one can't
   * put back what a newer one has replaced.
   */
  reload(): Promise<boolean> {
    const reloading = this.#reloading.then(() => this.#reloadNow());
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  /** The manifest in force. Throws ProductError of kind `input` while there has been none. */
  current(): ValidManifest {
    if (this.#good === null) throw new ProductError('input', this.#problems);
    return this.#good;
  }

  async #reloadNow(): Promise<boolean> {
    const identity = this.#identity;
    const isNew = await this.#readFile();
    this.#readCommit(this.#identity !== identity);
    return isNew;
  }

  async #readFile(): Promise<boolean> {
    const found = await this.#changed();
    if (found === null) return false;
    this.#identity = found.identity;
    this.#changedAt = this.#now();
    const result = found.parse();
    if ('problems' in result) {
      const isKnown = JSON.stringify(result.problems) === JSON.stringify(this.#problems);
      this.#problems = result.problems;
      if (!isKnown) this.#complain();
      return false;
    }
    if (this.#problems.length > 0) this.#log.info('the manifest is valid again');
    this.#good = result;
    this.#problems = [];
    for (const warning of result.warnings) logProblem(this.#log, warning);
    return true;
  }

  #readCommit(isChanged: boolean): void {
    // While the file is broken, that of the last good one stays.
    if (this.#problems.length > 0 || this.#good === null) return;
    const commit = this.#manifest.commit(isChanged);
    if (commit !== null && commit !== this.#commit) {
      this.#log.info({ commit }, 'this commit of the manifest is checked out');
    }
    this.#commit = commit;
  }

  /** What two looks in a row see, where that is not what is known; else null. */
  async #changed(): Promise<Look | null> {
    let found = await this.#manifest.look();
    for (let looks = 1; looks < LOOKS.most && found.identity !== this.#identity; looks += 1) {
      await sleep(LOOKS.apartMs);
      const before = found;
      found = await this.#manifest.look();
      if (found.identity === before.identity) break;
    }
    return found.identity === this.#identity ? null : found;
  }

  #complain(): void {
    for (const problem of this.#problems) logProblem(this.#log, problem);
    const force = this.#good === null ? 'there is no earlier one to keep in force' : 'the last good one stays in force';
    this.#log.error(`the manifest can't be used: ${force}`);
  }
}

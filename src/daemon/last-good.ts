import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Problem, ProductError } from '../errors.js';
import { logProblem } from '../log.js';
import type { ValidManifest } from '../reconcile/ports.js';
import type { Look, WatchedManifest } from './manifest-file.js';

/**
 * `apartMs`: a change counts only if two looks this far apart see the same, so that a file is not read half-written. If
 * a writer pauses for longer, the half-written file is seen, and then the finished one: a longer wait would slow down
 * every edit for that rare case. `most`: after this many looks, what keeps changing is taken as it is.
 */
export const LOOKS = { apartMs: 50, most: 15 };

/**
 * How long the manifest must stay the same before webhooks that left it may be deleted. If a writer pauses half-way,
 * the file is valid with half of the entries, and a webhook that is deleted and created again loses events.
 */
export const PRUNE_AFTER_MS = 10_000;

/**
 * The last valid manifest. If the file breaks or disappears, it stays in force; the problem is logged once, until it
 * changes or is repaired. Only content counts: writing the same bytes again is no change.
 */
export class LastGoodManifest {
  readonly #manifest: Pick<WatchedManifest, 'look' | 'commit'>;
  readonly #log: Logger;
  readonly #now: () => number;
  /** Identity of the content that was read last. Null: none was. */
  #identity: string | null = null;
  #good: ValidManifest | null = null;
  #problems: readonly Problem[] = [];
  #commit: string | null = null;
  #changedAt = Number.POSITIVE_INFINITY;
  #reloading: Promise<unknown> = Promise.resolve();

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(
    manifest: Pick<WatchedManifest, 'look' | 'commit'>,
    log: Logger,
    now: () => number = () => performance.now(),
  ) {
    this.#manifest = manifest;
    this.#log = log;
    this.#now = now;
  }

  /** The problems of the manifest as it is now; empty if it is in force. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The manifest in force. Null: there has been none yet. */
  get good(): ValidManifest | null {
    return this.#good;
  }

  /**
   * The commit that was checked out when the file was last seen to be the manifest in force; null: unknown. A commit
   * counts even if it left the file as it was. Git moves HEAD after writing files, so for a moment it may be the commit
   * before.
   */
  get commit(): string | null {
    return this.#commit;
  }

  /**
   * After how many milliseconds webhooks that left the manifest may be deleted, unless it changes again; 0: now. Null
   * while the file is not the manifest in force: it must change before that. The first reading counts as a change,
   * since nobody knows how old the file is: its time stamps come from a clock that may have been set.
   */
  get pruneInMs(): number | null {
    if (this.#problems.length > 0 || this.#good === null) return null;
    return Math.max(0, Math.ceil(this.#changedAt + PRUNE_AFTER_MS - this.#now()));
  }

  /**
   * Looks again. True: there is a new valid manifest. Looks are made one at a time, in the order of the calls, so that
   * an older one can't replace the result of a newer one.
   */
  reload(): Promise<boolean> {
    const reloading = this.#reloading.then(() => this.#reloadNow());
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  /** The manifest in force. Throws ProductError of kind `input` if there has been none yet. */
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
    // While the file is broken, the last good manifest keeps its commit.
    if (this.#problems.length > 0 || this.#good === null) return;
    const commit = this.#manifest.commit(isChanged);
    if (commit !== null && commit !== this.#commit) {
      this.#log.info({ commit }, 'this commit of the manifest is checked out');
    }
    this.#commit = commit;
  }

  /** What two looks in a row see, if that is new; else null. */
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Problem, ProductError } from '../errors.js';
import type { ValidManifest } from '../reconcile/edges.js';

interface Problems {
  readonly problems: readonly Problem[];
}

/** Where a manifest comes from. */
export interface ManifestFile {
  /** The text of the file as it is now, or why there is none. */
  read(): { readonly text: string } | Problems;
  /** What a text comes to. */
  parse(text: string): ValidManifest | Problems;
}

/** Time between two looks that must see the same: a writer that is not done yet is waited for. */
const STABLE_AFTER_MS = 20;
/** A file that changes all the time is taken as it is after so many looks. */
const MOST_LOOKS = 50;

/**
 * For how long the manifest has to be the same before what left it may be deleted. A writer that pauses half-way leaves
 * a valid file with half of the entries for a moment, and a webhook that is deleted and made again loses events.
 */
export const PRUNE_AFTER_MS = 10_000;

/**
 * The last valid manifest. A broken or missing file leaves it in force; the trouble is logged once, until it changes
 * or is mended. What counts is the content: the same bytes again are no change.
 */
export class LastGoodManifest {
  readonly #file: ManifestFile;
  readonly #log: Logger;
  /** The text that was read last; null: none could be. */
  #text: string | null | undefined;
  #good: ValidManifest | null = null;
  #problems: readonly Problem[] = [];
  readonly #now: () => number;
  #changedAt = Number.POSITIVE_INFINITY;

  /** `now`: milliseconds on a clock that only goes forward. */
  constructor(file: ManifestFile, log: Logger, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#log = log;
    this.#now = now;
  }

  /** The problems of the file as it is now; empty when it is in force. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The manifest in force, or null while there has been none. */
  get good(): ValidManifest | null {
    return this.#good;
  }

  /**
   * In how many milliseconds what left the manifest may be deleted, unless it changes again; 0: now. Null while the file
   * is not what is in force: it will have changed by then. The first reading is a change like any other, since nobody
   * knows how old the file is: its time stamps are those of a clock that may have been set.
   */
  get pruneInMs(): number | null {
    if (this.#problems.length > 0 || this.#good === null) return null;
    return Math.max(0, Math.ceil(this.#changedAt + PRUNE_AFTER_MS - this.#now()));
  }

  /** Reads the file. True: there is a new valid manifest. */
  async reload(): Promise<boolean> {
    const found = await this.#readStable();
    const text = textOf(found);
    if (text === this.#text && text !== null) return false;
    const first = this.#text === undefined;
    this.#text = text;
    this.#changedAt = this.#now();
    const result = 'text' in found ? this.#file.parse(found.text) : found;
    if ('entries' in result) {
      if (this.#problems.length > 0) this.#log.info('the manifest is valid again');
      this.#good = result;
      this.#problems = [];
      for (const warning of result.warnings) this.#log.warn(placed(warning), warning.message);
      return true;
    }
    if (first || !sameProblems(result.problems, this.#problems)) this.#complain(result.problems);
    this.#problems = result.problems;
    return false;
  }

  /** The manifest in force. Throws ProductError of kind `input` while there has been none. */
  current(): ValidManifest {
    if (this.#good === null) throw new ProductError('input', this.#problems);
    return this.#good;
  }

  async #readStable(): Promise<ReturnType<ManifestFile['read']>> {
    let last = this.#file.read();
    for (let look = 1; look < MOST_LOOKS && textOf(last) !== this.#text; look += 1) {
      await sleep(STABLE_AFTER_MS);
      const next = this.#file.read();
      if (textOf(next) === textOf(last)) return next;
      last = next;
    }
    return last;
  }

  #complain(problems: readonly Problem[]): void {
    for (const problem of problems) this.#log.error(placed(problem), problem.message);
    const force = this.#good === null ? 'there is none to go on with' : 'the last good one stays in force';
    this.#log.error(`the manifest can't be used: ${force}`);
  }
}

/** Null: it could not be read. */
function textOf(found: ReturnType<ManifestFile['read']>): string | null {
  return 'text' in found ? found.text : null;
}

function placed({ code, file, line, column, remedy }: Problem) {
  return { code, file, line, column, remedy };
}

function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

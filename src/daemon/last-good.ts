import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Problem, ProductError } from '../errors.js';
import type { ValidManifest } from '../reconcile/edges.js';

/** A manifest file as it was read: its text (null: it could not be read), and what it came to. */
export interface ReadManifest {
  readonly text: string | null;
  readonly result: ValidManifest | { readonly problems: readonly Problem[] };
}

/** Time between two looks that must see the same: a writer that is not done yet is waited for. */
const STABLE_AFTER_MS = 20;
/** A file that changes all the time is taken as it is after so many looks. */
const MOST_LOOKS = 50;

/**
 * The last valid manifest. A broken or missing file leaves it in force; the trouble is logged once, until it changes
 * or is mended. What counts is the content: the same bytes again are no change.
 */
export class LastGoodManifest {
  readonly #read: () => ReadManifest;
  readonly #log: Logger;
  #text: string | null | undefined;
  #good: ValidManifest | null = null;
  #problems: readonly Problem[] = [];

  constructor(read: () => ReadManifest, log: Logger) {
    this.#read = read;
    this.#log = log;
  }

  /** The problems of the file as it is now; empty when it is in force. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The manifest in force, or null while there has been none. */
  get good(): ValidManifest | null {
    return this.#good;
  }

  /** Reads the file. True: there is a new valid manifest. */
  async reload(): Promise<boolean> {
    const { text, result } = await this.#readStable();
    if (text === this.#text && text !== null) return false;
    const first = this.#text === undefined;
    this.#text = text;
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

  async #readStable(): Promise<ReadManifest> {
    let last = this.#read();
    for (let look = 1; look < MOST_LOOKS && last.text !== this.#text; look += 1) {
      await sleep(STABLE_AFTER_MS);
      const next = this.#read();
      if (next.text === last.text) return next;
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

function placed({ code, file, line, column, remedy }: Problem) {
  return { code, file, line, column, remedy };
}

function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

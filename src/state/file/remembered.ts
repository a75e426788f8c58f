import type { Hash } from 'node:crypto';
import type { FoldedState } from '../folded-state.js';
import type { ParsedJournal } from './parse.js';
import type { WholeFile } from './replace.js';

/**
 * What this process left in a state file at the end of its last run, and the state that it had then. To fold 10,000
 * entries takes a hundred times as long as to see that the file holds the very same bytes.
 *
 * The file is read whole each time. Whatever else came into it, by hand, from a backup or from another process, makes
 * other bytes, and those are folded: nothing rests on times or sizes.
 */
export class RememberedFile {
  #last: { readonly digest: string; readonly journal: ParsedJournal } | null = null;

  /** What the file comes to, where it is as it was left. Once: who opens it goes on from there and changes the state. */
  recall(hash: Hash): ParsedJournal | null {
    const last = this.#last;
    this.#last = null;
    return last?.digest === hash.copy().digest('hex') ? last.journal : null;
  }

  /** All of it is on disk, and the state is what it comes to. */
  remember({ bytes: goodBytes, hash, records, lastCrc }: WholeFile, state: FoldedState): void {
    const digest = hash.copy().digest('hex');
    const journal = { kind: 'journal', state, records, goodBytes, tornBytes: 0, lacksNewline: false, lastCrc } as const;
    this.#last = { digest, journal };
  }
}

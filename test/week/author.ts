import { type Draw, SECOND_MS } from './agenda.js';
import { deliver, removeManifest } from './delivery.js';
import { brokenText, type Entry, edited, entry, manifestText } from './manifest.js';
import type { Cause } from './record.js';

/** A file that is as it should be for so long must have been noticed. */
const NOTICED_AFTER_MS = 5 * SECOND_MS;

/** Whoever writes the manifest. Knows which of the edits the daemon must have answered. */
export class Author {
  entries: readonly Entry[];
  readonly #folder: string;
  readonly #size: number;
  #number = 0;
  /** What is in the file; null: it was removed. */
  #text: string | null = null;
  /** The last valid text that the daemon must have seen. */
  #seen = '';
  #writtenAt = 0;
  #causes: Cause[] = [];

  constructor(folder: string, size: number) {
    this.#folder = folder;
    this.#size = size;
    this.entries = Array.from({ length: size }, () => entry(this.#next()));
  }

  /** Each edit that stayed long enough to be noticed, and changed what was in force. */
  get causes(): readonly Cause[] {
    return this.#causes;
  }

  begin(): void {
    this.#seen = manifestText(this.entries);
    this.#text = this.#seen;
    deliver(this.#folder, this.#seen, 'in place', this.#number);
  }

  edit(draw: Draw, now: number): void {
    this.entries = edited(this.entries, draw, this.#next(), this.#size);
    this.#write(manifestText(this.entries), draw, now);
  }

  break(draw: Draw, now: number): void {
    this.#write(brokenText(this.entries, draw.place), draw, now);
  }

  mend(draw: Draw, now: number): void {
    this.#write(manifestText(this.entries), draw, now);
  }

  sameBytes(draw: Draw, now: number): void {
    if (this.#text !== null) this.#write(this.#text, draw, now);
  }

  removeFile(now: number): void {
    this.#changes(null, now);
    removeManifest(this.#folder);
  }

  #write(text: string, draw: Draw, now: number): void {
    const isNew = this.#changes(text, now);
    deliver(this.#folder, text, draw.delivery, this.#next());
    const isValid = text === manifestText(this.entries);
    if (isNew && isValid && text !== this.#seen) this.#causes = [...this.#causes, { trigger: 'manifest', at: now }];
  }

  /** What was there for a moment only need not have been noticed. */
  #changes(text: string | null, now: number): boolean {
    if (text === this.#text) return false;
    if (now - this.#writtenAt >= NOTICED_AFTER_MS) this.#seen = this.#text ?? '';
    else this.#causes = this.#causes.filter(({ at }) => at < this.#writtenAt);
    this.#text = text;
    this.#writtenAt = now;
    return true;
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }
}

/** Workers that take from one queue until it is empty. More can be hired while they are at it. */
export class Crew {
  readonly #work: () => Promise<void>;
  readonly #most: number;
  readonly #workers: Promise<void>[] = [];
  readonly #failures: unknown[] = [];

  constructor(work: () => Promise<void>, most: number) {
    this.#work = work;
    this.#most = most;
  }

  /** One more, unless there are as many as there may be. */
  hire(): void {
    if (this.#workers.length >= this.#most) return;
    this.#workers.push(this.#work().catch((error: unknown) => void this.#failures.push(error)));
  }

  /** Resolves when all have ended, those hired meanwhile too; rejects then with the first failure. */
  async ended(): Promise<void> {
    for (const worker of this.#workers) await worker;
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

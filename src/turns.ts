/** So many at a time; the others wait in line. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #onUnclaimed: () => void;
  #free: number;

  /** `onUnclaimed` is told when a turn comes back and nobody waits for one. */
  constructor(atATime: number, onUnclaimed: () => void = () => {}) {
    this.#free = atATime;
    this.#onUnclaimed = onUnclaimed;
  }

  /** Does the work when it is its turn, which ends with it. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.giveBack();
    }
  }

  /** Resolves when it is one's turn. Each turn must be given back. */
  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
  }

  /** To the next in line, or back. */
  giveBack(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#free += 1;
    this.#onUnclaimed();
  }
}

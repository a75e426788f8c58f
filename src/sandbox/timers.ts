import { timerMs } from '../timers.js';
import type { SandboxTime } from './model/exchange.js';

/** The machine's time, with timers that can be dropped all at once. */
export class Timers implements SandboxTime {
  readonly #clock: () => number;
  readonly #afterEach: () => void;
  readonly #pending = new Set<NodeJS.Timeout>();

  constructor(clock: () => number, afterEach: () => void) {
    this.#clock = clock;
    this.#afterEach = afterEach;
  }

  now(): number {
    return this.#clock();
  }

  after(ms: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      task();
      this.#afterEach();
    }, timerMs(ms));
    this.#pending.add(timer);
  }

  stop(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}

/** Time that moves only when everybody waits: events run in the order of their times. */
export class VirtualTime {
  #now: number;
  #events: { readonly at: number; readonly task: () => void }[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): void {
    // In the order of coming; of several at one time, the first that came is the first to go.
    this.#events.push({ at: this.#now + ms, task });
  }

  /** Lets what is ready run, and moves time on while `unfinished` says that there is something to wait for. */
  async runWhile(unfinished: () => boolean): Promise<void> {
    for (;;) {
      await idle();
      if (!unfinished()) return;
      if (!this.#next()) throw new Error('everything waits, and nothing is to come');
    }
  }

  /** Everything that is still to come happens. */
  async drain(): Promise<void> {
    do await idle();
    while (this.#next());
  }

  #next(): boolean {
    let first = 0;
    for (let index = 1; index < this.#events.length; index += 1) {
      if ((this.#events[index]?.at ?? 0) < (this.#events[first]?.at ?? 0)) first = index;
    }
    const [event] = this.#events.splice(first, 1);
    if (event === undefined) return false;
    this.#now = Math.max(this.#now, event.at);
    event.task();
    return true;
  }
}

/** Resolves when all that is ready has run: promises that wait for nothing but each other are done by then. */
function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

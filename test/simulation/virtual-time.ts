interface Event {
  readonly at: number;
  /** In the order of coming: of several at one time, the first that came is the first to go. */
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/** One that brings records, one that brings no more, one in which they are written, and one to spare. */
const TURNS_OF_THE_JOURNAL = 4;

/** Time that moves only when everybody waits: events run in the order of their times. */
export class VirtualTime {
  #now: number;
  #count = 0;
  /** The next one last, so that it is cheap to take. */
  readonly #events: Event[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Gives back how to call it off: time does not move for what was called off. */
  after(ms: number, task: () => void): () => void {
    this.#count += 1;
    const event: Event = { at: this.#now + ms, order: this.#count, task, cancelled: false };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other !== undefined && isLater(other, event)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Lets what is ready run, and moves time on while `unfinished` says that there is something to wait for. */
  async runWhile(unfinished: () => boolean): Promise<void> {
    for (;;) {
      await idle();
      if (!unfinished()) return;
      if (!this.#next()) throw new Error('everything waits, and nothing is to come');
    }
  }

  /** What comes within this time happens. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    let waiting = true;
    this.after(ms, () => {
      waiting = false;
    });
    await this.runWhile(() => waiting && this.#now <= end);
  }

  /** Everything that is still to come happens. */
  async drain(): Promise<void> {
    do await idle();
    while (this.#next());
  }

  #next(): boolean {
    for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) {
      if (event.cancelled) continue;
      this.#now = Math.max(this.#now, event.at);
      event.task();
      return true;
    }
    return false;
  }
}

function isLater(event: Event, than: Event): boolean {
  return event.at > than.at || (event.at === than.at && event.order > than.order);
}

/**
 * Resolves when all that is ready has run: promises that wait for nothing but each other are done by then. Several
 * times round, since the journal gathers what is written for as long as each turn brings more.
 */
async function idle(): Promise<void> {
  for (let turn = 0; turn < TURNS_OF_THE_JOURNAL; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

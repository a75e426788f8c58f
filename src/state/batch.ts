/** A promise and the means to settle it. Rejecting it without anybody waiting is no error of the process. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => undefined);
  }

  resolve(value: T): void {
    this.#resolve(value);
  }

  reject(reason: Error): void {
    this.#reject(reason);
  }
}

/** Records that go to disk in one write. */
export class Batch {
  /** JSON of each, not yet chained: what comes before them is known only when they are written. */
  readonly jsons: string[] = [];
  readonly done = new Deferred<void>();
}

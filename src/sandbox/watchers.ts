import type { SandboxModel } from './model/sandbox-model.js';

interface Watcher {
  readonly holds: (model: SandboxModel) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for something to become true of the sandbox, so that nobody has to sleep and look. */
export class Watchers {
  readonly #model: SandboxModel;
  #waiting: readonly Watcher[] = [];

  constructor(model: SandboxModel) {
    this.#model = model;
  }

  until(holds: (model: SandboxModel) => boolean): Promise<void> {
    if (holds(this.#model)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { holds, resolve, reject }];
    });
  }

  look(): void {
    if (this.#waiting.length === 0) return;
    const content = this.#waiting.filter(({ holds }) => holds(this.#model));
    this.#waiting = this.#waiting.filter((watcher) => !content.includes(watcher));
    for (const { resolve } of content) resolve();
  }

  stop(): void {
    for (const { reject } of this.#waiting) reject(new Error('the sandbox was closed before this came true'));
    this.#waiting = [];
  }
}

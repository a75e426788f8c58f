import { AsyncLocalStorage } from 'node:async_hooks';
import { aroundEach, onTestFinished as ofTheRunningTest, type TestContext } from 'vitest';

const current = new AsyncLocalStorage<TestContext>();

/** To be called by a file whose tests run at once: helpers can't tell by themselves which of them has called. */
export function tellTestsApart(): void {
  aroundEach((run, context) => current.run(context, run));
}

/** As Vitest's own, which knows of one test at a time. */
export function onTestFinished(finish: () => unknown): void {
  (current.getStore()?.onTestFinished ?? ofTheRunningTest)(async () => void (await finish()));
}

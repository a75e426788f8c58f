import type { IncomingMessage } from 'node:http';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { Running } from './cli.js';
import { openFront } from './front.js';

/** A way to a sandbox that is closed to creates after so many of them, until it is opened. */
export interface Gate {
  readonly url: string;
  /** Resolves when a create waits. Rejects when the process has ended before. */
  reachedBy(running: Running): Promise<void>;
  open(): void;
}

export async function openGate(sandbox: Sandbox, creates: number): Promise<Gate> {
  let passed = 0;
  let reach = () => {};
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const gate = async ({ method }: IncomingMessage) => {
    if (method !== 'POST') return;
    passed += 1;
    if (passed <= creates) return;
    reach();
    await opened;
  };
  const { url } = await openFront(sandbox, 'http', '127.0.0.1', gate);
  const reachedBy = async (running: Running) => {
    const early = running.finished.then(({ stderr }) => {
      throw new Error(`ended before it made so many webhooks:\n${stderr}`);
    });
    await Promise.race([reached, early]);
  };
  return { url, reachedBy, open };
}

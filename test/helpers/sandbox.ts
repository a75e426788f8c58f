import { afterEach, beforeEach, onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';

/** A sandbox for the length of the test that calls this. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A fresh sandbox for each test of the file or `describe` that calls this; the function gives the current one. */
export function useSandbox(options: SandboxOptions = {}): () => Sandbox {
  let current: Sandbox | undefined;
  beforeEach(async () => {
    current = await startSandbox(options);
  });
  afterEach(async () => {
    await current?.close();
    current = undefined;
  });
  return () => {
    if (current === undefined) throw new Error('there is a sandbox inside of tests only');
    return current;
  };
}

/**
 * One call as v3 wants it, with the access token in the URL and `body` as JSON. For anything that the client under test
 * has no part in. Redirects are not followed; rejects when the connection breaks.
 */
export function callApi(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Response> {
  const separator = path.includes('?') ? '&' : '?';
  return fetch(`${sandbox.url}${path}${separator}access_token=${sandbox.token}`, {
    method,
    redirect: 'manual',
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
}

/** Makes a webhook through the API and gives its id. */
export async function makeWebhook(sandbox: Sandbox, body: unknown): Promise<number> {
  const response = await callApi(sandbox, 'POST', '/v3/webhooks', body);
  const id = Number(response.headers.get('X-Created'));
  if (response.status !== 201 || !(id > 0)) throw new Error(`no webhook was made: ${response.status}`);
  return id;
}

import type { StoredWebhook } from '../../src/sandbox/model/account.js';
import { parseJournal } from '../../src/state/file/parse.js';
import type { State } from '../../src/state/state.js';
import type { WebhookSpec } from '../../src/webhook.js';

export const START = Date.parse('2026-01-01T00:00:00.000Z');
export const SETTLE_MS = 60_000;
/** How long an answer is waited for. */
export const TIMEOUT_MS = 30_000;
export const STATE_PATH = '/data/webhooks.state.jsonl';
/** Each is secret: nothing that is printed may hold them. */
export const TOKENS = { ours: 'token-of-ours-0123456789', other: 'token-of-another-0123456789' } as const;

/** What the bytes of a state file say. Throws for damage: whatever a crash does, the file can be read. */
export function stateIn(bytes: Uint8Array): State | null {
  const reading = parseJournal(bytes);
  if (reading.kind === 'empty') return null;
  if (reading.kind === 'journal') return reading.state;
  throw new Error(`the state file is ${reading.kind}: ${JSON.stringify(reading)}`);
}

export function specOf(webhook: StoredWebhook): WebhookSpec {
  const { handler, trigger, callers, database, collection } = webhook;
  const limits = { ...(database === null ? {} : { database }), ...(collection === null ? {} : { collection }) };
  return { handler, trigger, callers, ...limits } as WebhookSpec;
}

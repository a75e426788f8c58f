import fc from 'fast-check';
import { applyRecord, startState } from '../../../src/state/fold.js';
import { encodeLines, FIRST_CRC } from '../../../src/state/line.js';
import type { HeaderRecord, StateRecord } from '../../../src/state/records.js';
import type { State } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';

export const AT = '2026-11-23T10:00:00.000Z';

export const HEADER: HeaderRecord = { type: 'header', version: 1, account: '34', createdAt: AT };

export function aWebhook(path = 'a', more: Partial<WebhookSpec> = {}): WebhookSpec {
  return { handler: `https://handler.example/${path}`, trigger: 'create', ...more };
}

/** Two records for a webhook that was made. */
export function made(name: string, id: number, intent: number, webhook = aWebhook(name)): StateRecord[] {
  return [
    { type: 'intent', intent, name, above: null, at: AT, webhook },
    { type: 'created', intent, id, at: AT },
  ];
}

/** The bytes of a state file with these records. */
export function fileOf(records: readonly StateRecord[]): Buffer {
  return encodeLines(
    records.map((record) => JSON.stringify(record)),
    FIRST_CRC,
  ).bytes;
}

/** Histories that can be: each choice is made among what the state so far allows. */
export function anyHistory(): fc.Arbitrary<StateRecord[]> {
  const step = fc.record({ choice: fc.nat(99), pick: fc.nat(), name: fc.nat(4), spec: anySpec() });
  return fc.array(step, { maxLength: 60 }).map((steps) => {
    const records: StateRecord[] = [HEADER];
    const state = startState(HEADER);
    for (const { choice, pick, name, spec } of steps) {
      const choices = possible(state, NAMES[name] ?? 'a', pick, spec);
      const record = choices[choice % choices.length];
      if (record === undefined) continue;
      applyRecord(state, record);
      records.push(record);
    }
    return records;
  });
}

const NAMES = ['a', 'b', 'crm.profile-created', 'ü 漢字 \u2028', '}{"\n\\'];

function anySpec(): fc.Arbitrary<WebhookSpec> {
  return fc.record(
    {
      handler: fc.webUrl(),
      trigger: fc.constantFrom('create' as const, 'bounce' as const),
      callers: fc.subarray(['ms', 'publisher'] as const),
      database: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
    },
    { requiredKeys: ['handler', 'trigger'] },
  );
}

function possible(state: State, name: string, pick: number, webhook: WebhookSpec): StateRecord[] {
  const intents = [...state.intents.keys()];
  const intent = intents[pick % intents.length];
  const ids = [...state.owners.keys()];
  const id = ids[pick % ids.length];
  const fresh = (state.highestId ?? 1000) + 1 + (pick % 5);
  const names = [...state.entries.keys()];
  const entry = names[pick % names.length];
  const choices: StateRecord[] = [
    { type: 'intent', intent: state.nextIntent, name, above: state.highestId, at: AT, webhook },
    { type: 'intent', intent: state.nextIntent + (pick % 3), name, above: null, at: AT, webhook },
    { type: 'imported', name, id: fresh, at: AT, webhook },
  ];
  if (intent !== undefined) {
    choices.push(
      { type: 'created', intent, id: fresh, at: AT },
      { type: 'created', intent, id: fresh + 1, at: AT },
      { type: 'created', intent, id: state.owners.has(1 + (pick % 9)) ? fresh : 1 + (pick % 9), at: AT },
      { type: 'unknown', intent, at: AT, reason: `after ${pick} ms` },
      { type: 'absent', intent, at: AT },
      { type: 'suspected', intent, ids: [1 + (pick % 10), 20], at: AT },
      { type: 'cancelled', intent, at: AT, reason: '' },
    );
  }
  if (entry !== undefined) {
    choices.push(
      { type: 'updating', name: entry, at: AT, webhook },
      { type: 'updated', name: entry, at: AT, webhook },
      { type: 'forgotten', name: entry, at: AT },
      { type: 'doomed', name: entry, at: AT },
      { type: 'possiblyDuplicated', name: entry, from: 1 + (pick % 10), to: 20, at: AT },
      { type: 'undoubted', name: entry, at: AT },
    );
    if (!state.entries.has(name)) choices.push({ type: 'renamed', from: entry, to: name, at: AT });
  }
  if (id !== undefined) choices.push({ type: 'removed', id, at: AT });
  return choices;
}

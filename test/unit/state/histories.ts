import fc from 'fast-check';
import { encodeLines, FIRST_CRC } from '../../../src/state/file/line.js';
import { applyRecord } from '../../../src/state/fold.js';
import { startState } from '../../../src/state/folded-state.js';
import type { HeaderRecord, StateRecord } from '../../../src/state/records.js';
import type { State } from '../../../src/state/state.js';
import type { WebhookSpec } from '../../../src/webhook.js';

export const AT = '2026-11-23T10:00:00.000Z';
export const LATER = '2026-11-23T11:00:00.000Z';

export const HEADER: HeaderRecord = { type: 'header', version: 2, account: '34', createdAt: AT };

export function aWebhook(path = 'a', more: Partial<WebhookSpec> = {}): WebhookSpec {
  return { handler: `https://handler.example/${path}`, trigger: 'create', ...more };
}

export function intent(
  number: number,
  name: string,
  above: number | null = null,
  webhook = aWebhook(name),
): StateRecord {
  return { type: 'intent', intent: number, name, above, at: AT, webhook, timeoutMs: 30_000 };
}

/** An intent of which nobody knows what it made. */
export function lost(number: number, name: string, above: number | null = null, at = AT): StateRecord[] {
  return [intent(number, name, above), { type: 'unknown', intent: number, at, reason: 'no answer' }];
}

/** Two records for a webhook that was made. */
export function made(name: string, id: number, number: number, webhook = aWebhook(name)): StateRecord[] {
  return [intent(number, name, null, webhook), { type: 'created', intent: number, id, at: AT }];
}

/** The bytes of a state file with these records. Those of version 1 are written as they are. */
export function fileOf(records: readonly object[]): Buffer {
  return encodeLines(
    records.map((record) => JSON.stringify(record)),
    FIRST_CRC,
  ).bytes;
}

/** Histories that can be: each choice is made among what the state so far allows. */
export function anyHistory(): fc.Arbitrary<StateRecord[]> {
  const step = fc.record({ choice: fc.nat(199), pick: fc.nat(), name: fc.nat(4), spec: anySpec() });
  return fc.array(step, { maxLength: 60 }).map((steps) => {
    const records: StateRecord[] = [HEADER];
    const state = startState(HEADER);
    for (const [index, { choice, pick, name, spec }] of steps.entries()) {
      const choices = possible(state, { name: NAMES[name] ?? 'a', pick, webhook: spec, at: timeOf(index) });
      const record = choices[choice % choices.length];
      if (record === undefined) continue;
      applyRecord(state, record);
      records.push(record);
    }
    return records;
  });
}

const NAMES = ['a', 'b', 'crm.profile-created', 'ü 漢字 \u2028', '}{"\n\\'];

function timeOf(index: number): string {
  return new Date(Date.parse(AT) + index * 1_000).toISOString();
}

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

interface Step {
  readonly name: string;
  readonly pick: number;
  readonly webhook: WebhookSpec;
  readonly at: string;
}

function possible(state: State, step: Step): StateRecord[] {
  const { name, pick, webhook, at } = step;
  const { nextIntent, highestId } = state;
  const written = { type: 'intent', name, at, webhook, timeoutMs: 30_000 } as const;
  const from = 1 + (pick % 20);
  return [
    { ...written, intent: nextIntent, above: highestId },
    { ...written, intent: nextIntent + (pick % 3), above: null, ...(pick % 2 === 0 ? {} : { handlerAsWritten: '*' }) },
    { type: 'imported', name, id: freshId(state, pick), at, webhook },
    { type: 'imported', name, id: freshId(state, pick), at, webhook, isScopeKnown: true },
    { type: 'read', from, to: from + (pick % 7), at },
    { type: 'readsVoid', at },
    { type: 'possiblyDuplicated', name, ranges: [{ from, to: from + (pick % 4) }], at },
    { type: 'cleared', name, at },
    ...ofIntent(state, step),
    ...ofEntry(state, step),
    ...ofWebhook(state, step),
  ];
}

function freshId(state: State, pick: number): number {
  return (state.highestId ?? 1000) + 1 + (pick % 5);
}

function picked<T>(items: Iterable<T>, pick: number): T | undefined {
  const all = [...items];
  return all[pick % all.length];
}

/** Of one that is open, and of one that awaits its second look. */
function ofIntent(state: State, { pick, webhook, at }: Step): StateRecord[] {
  const choices: StateRecord[] = [];
  const id = freshId(state, pick);
  const low = 1 + (pick % 9);
  const open = picked(state.intents.values(), pick);
  const closed = picked(state.closed.values(), pick);
  for (const number of [open?.intent, closed?.intent.intent]) {
    if (number === undefined) continue;
    choices.push(
      { type: 'created', intent: number, id, at },
      { type: 'created', intent: number, id: state.owners.has(low) ? id : low, at },
      { type: 'unknown', intent: number, at, reason: `after ${pick} ms` },
      { type: 'suspected', intent: number, ids: pick % 3 === 0 ? [] : [1 + (pick % 10), 20], at },
      { type: 'unproved', intent: number, runs: 1 + (pick % 3), at },
      { type: 'closed', intent: number, at, witness: pick % 4 === 0 ? null : id },
      { type: 'closed', intent: number, at, witness: id, unread: [{ from: low, to: 20 }] },
      { type: 'cancelled', intent: number, at, reason: '' },
      { type: 'late', intent: number, name: 'a', id, at, webhook },
    );
  }
  if (closed !== undefined) {
    const { intent: number } = closed.intent;
    choices.push(
      { type: 'lookedAgain', intent: number, at },
      { type: 'lookedAgain', intent: number, at, found: [{ from: low, to: 10 }] },
    );
  }
  if (open !== undefined) {
    const own = [...state.intents.values()].filter(({ name }) => name === open.name).map(({ intent: each }) => each);
    const match = { type: 'matched', name: open.name, at, id, webhook } as const;
    choices.push(
      { ...match, intents: [open.intent], others: [] },
      { ...match, intents: own.slice(0, 2), others: own.slice(1, 2).map(() => id + 1), isScopeUnknown: true },
      { type: 'imported', name: open.name, id, at, webhook, intent: open.intent },
      { type: 'forgotten', name: open.name, at },
    );
  }
  return choices;
}

function ofEntry(state: State, { name, pick, webhook, at }: Step): StateRecord[] {
  const entry = picked(state.entries.keys(), pick);
  if (entry === undefined) return [];
  const choices: StateRecord[] = [
    { type: 'updating', name: entry, at, webhook },
    { type: 'updated', name: entry, at, webhook, ...(pick % 2 === 0 ? {} : { handlerAsWritten: '+' }) },
    { type: 'protected', name: entry, at, isProtected: pick % 3 !== 0 },
    { type: 'forgotten', name: entry, at },
    { type: 'deleting', name: entry, at },
    { type: 'imported', name, id: state.entries.get(entry)?.id ?? 0, at, webhook, from: entry },
  ];
  return state.entries.has(name) ? choices : [...choices, { type: 'renamed', from: entry, to: name, at }];
}

function ofWebhook(state: State, { pick, webhook, at }: Step): StateRecord[] {
  const id = picked(state.owners.keys(), pick);
  if (id === undefined) return [];
  return [
    { type: 'removed', id, at },
    { type: 'late', intent: state.nextIntent, name: 'a', id, at, webhook },
  ];
}

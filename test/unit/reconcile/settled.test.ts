import { describe, expect, it } from 'vitest';
import { isSettled } from '../../../src/reconcile/settled.js';
import type { State } from '../../../src/state/state.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const spec: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const other: WebhookSpec = { handler: 'https://a.example/y', trigger: 'create' };
const desired: readonly DesiredWebhook[] = [{ name: 'a', spec, line: 2, column: 5 }];
const a = anEntry({ name: 'a', id: 1, spec });
const lost = anIntent({ intent: 1, name: 'b', spec: other });

describe('a state', () => {
  it('is settled when it is just what the manifest says', () => {
    expect(isSettled(desired, aState({ entries: [a] }))).toBe(true);
    expect(isSettled([], aState({}))).toBe(true);
  });

  it.each<readonly [string, State]>([
    ['something is to be created', aState({})],
    ['something is to be updated', aState({ entries: [{ ...a, spec: other }] })],
    ['an update may not have arrived', aState({ entries: [{ ...a, updating: spec }] })],
    ['something is orphaned', aState({ entries: [a, anEntry({ name: 'b', id: 2, spec: other })] })],
    ['something is still to be deleted', aState({ entries: [a], pendingDeletes: [{ id: 2, name: 'a', spec }] })],
    ['a create is uncertain', aState({ entries: [a], intents: [lost] })],
    [
      'a create is to be looked for once more',
      aState({ entries: [a], closed: [{ intent: lost, at: a.createdAt, witness: 9 }] }),
    ],
    ['there may be a double', aState({ entries: [a], possiblyDuplicated: { a: [{ from: 2, to: 9 }] } })],
    [
      'there may be a double of what is gone',
      aState({ entries: [a], possiblyDuplicated: { b: [{ from: 2, to: 9 }] } }),
    ],
    ['nobody knows its database', aState({ entries: [{ ...a, isScopeUnknown: true }] })],
    ['ids turned out not to rise', aState({ entries: [a], idsRise: false })],
  ])('is not settled while %s', (_what, state) => {
    expect(isSettled(desired, state)).toBe(false);
  });
});

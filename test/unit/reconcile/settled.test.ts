import { describe, expect, it } from 'vitest';
import { isSettled } from '../../../src/reconcile/settled.js';
import type { State } from '../../../src/state/state.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const spec: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const other: WebhookSpec = { handler: 'https://a.example/y', trigger: 'create' };
const desired: readonly DesiredWebhook[] = [{ name: 'a', spec, line: 2, column: 5 }];
const a = anEntry({ name: 'a', id: 1, spec });

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
    ['something is still to be deleted', aState({ entries: [a], doomed: [{ id: 2, name: 'a', spec }] })],
    ['a create is uncertain', aState({ entries: [a], intents: [anIntent({ intent: 1, name: 'b', spec: other })] })],
    [
      'a create is to be looked for once more',
      aState({ entries: [a], intents: [anIntent({ intent: 1, name: 'b', spec: other, absentSince: a.createdAt })] }),
    ],
    ['there may be a double', aState({ entries: [{ ...a, possiblyDuplicated: { from: 2, to: 9 } }] })],
    ['ids turned out not to rise', { ...aState({ entries: [a] }), idsRise: false }],
  ])('is not settled while %s', (_what, state) => {
    expect(isSettled(desired, state)).toBe(false);
  });
});

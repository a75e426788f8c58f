import { describe, expect, it } from 'vitest';
import { approve } from '../../../src/plan/guard.js';
import { makePlan } from '../../../src/plan/plan.js';
import type { DesiredWebhook } from '../../../src/webhook.js';
import { anEntry, aState } from '../../helpers/state.js';

function specOf(n: number) {
  return { handler: `https://a.example/${n}`, trigger: 'create' as const };
}

/** A plan with prune over `managed` webhooks of which the manifest names all but `deleted`. */
function verdict(managed: number, deleted: number, force = false) {
  const numbers = Array.from({ length: managed }, (_, n) => n);
  const state = aState({ entries: numbers.map((n) => anEntry({ name: `w${n}`, id: n + 1, spec: specOf(n) })) });
  const desired = numbers
    .slice(deleted)
    .map((n): DesiredWebhook => ({ name: `w${n}`, spec: specOf(n), file: 'webhooks.yaml', line: 1, column: 1 }));
  return approve(makePlan(desired, state, new Map(), { prune: true }), state, { force }).kind;
}

describe('the deletion guard', () => {
  it.each([
    [1, 1, 'refused'],
    [2, 2, 'refused'],
    [2, 1, 'approved'],
    [9, 8, 'approved'],
    [10, 3, 'approved'],
    [10, 4, 'refused'],
    [100, 30, 'approved'],
    [100, 31, 'refused'],
    [5, 0, 'approved'],
    [0, 0, 'approved'],
  ])('of %i managed webhooks, deleting %i is %s', (managed, deleted, expected) => {
    expect(verdict(managed, deleted)).toBe(expected);
  });

  it('refuses to prune all the others beside one that is protected, or that is removed by name', () => {
    const entries = [1, 2, 3].map((n) => anEntry({ name: `w${n}`, id: n, spec: specOf(n) }));
    const protecting = aState({
      entries: entries.map((entry) => ({ ...entry, isProtected: entry.id === 1 || undefined })),
    });
    const removed = [{ name: 'w1', file: 'webhooks.yaml', line: 1, column: 1 }];
    for (const [state, options] of [
      [protecting, { prune: true }],
      [aState({ entries }), { prune: true, removed }],
    ] as const) {
      const told = approve(makePlan([], state, new Map(), options), state, { force: false });
      expect(told).toMatchObject({ problem: { message: expect.stringContaining('delete 2 of 2 managed webhooks') } });
    }
  });

  it('lets through what is meant', () => {
    expect(verdict(10, 10, true)).toBe('approved');
  });

  it('does not count webhooks that were on their way out already', () => {
    const pendingDeletes = [1, 2, 3].map((id) => ({ id, name: 'gone', spec: specOf(id) }));
    const state = aState({ entries: [anEntry({ name: 'a', id: 9, spec: specOf(9) })], pendingDeletes });
    const desired = [{ name: 'a', spec: specOf(9), file: 'webhooks.yaml', line: 1, column: 1 }];
    expect(approve(makePlan(desired, state), state, { force: false }).kind).toBe('approved');
  });
});

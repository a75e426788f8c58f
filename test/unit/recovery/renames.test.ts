import { describe, expect, it } from 'vitest';
import { renamesOfUncertain } from '../../../src/recovery/renames.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', database: 7 };
const lost = anIntent({ intent: 1, name: 'a', spec: SPEC, above: 10 });
const wanted = (name: string, spec = SPEC) => ({ name, spec, file: 'webhooks.yaml', line: 1, column: 1 });

describe('an uncertain entry that was renamed', () => {
  it('takes what is uncertain along', () => {
    expect(renamesOfUncertain([wanted('new')], aState({ intents: [lost] }))).toEqual([{ from: 'a', to: 'new' }]);
  });

  it('does so once, however many of its creates were lost', () => {
    const intents = [lost, { ...lost, intent: 2 }];
    expect(renamesOfUncertain([wanted('new')], aState({ intents }))).toEqual([{ from: 'a', to: 'new' }]);
  });

  it('does so, too, where the new name is uncertain itself', () => {
    const intents = [lost, anIntent({ intent: 2, name: 'new', spec: { ...SPEC, database: 8 } })];
    expect(renamesOfUncertain([wanted('new')], aState({ intents }))).toEqual([{ from: 'a', to: 'new' }]);
  });

  it('is one of two that were renamed, each to its own', () => {
    const other = anIntent({ intent: 2, name: 'b', spec: { ...SPEC, database: 8 } });
    const desired = [wanted('y', { ...SPEC, database: 8 }), wanted('x')];
    expect(renamesOfUncertain(desired, aState({ intents: [lost, other] }))).toEqual([
      { from: 'a', to: 'x' },
      { from: 'b', to: 'y' },
    ]);
  });

  it.each([
    ['its old name is still there', [wanted('a'), wanted('new')], aState({ intents: [lost] })],
    ['it asks for another webhook', [wanted('new', { ...SPEC, trigger: 'open' })], aState({ intents: [lost] })],
    [
      'it asks for another database, although that need not be shown',
      [wanted('new', { ...SPEC, database: 8 })],
      aState({ intents: [lost] }),
    ],
    [
      'the new name has a webhook',
      [wanted('b')],
      aState({ intents: [lost], entries: [anEntry({ name: 'b', id: 5, spec: { ...SPEC, database: 8 } })] }),
    ],
    [
      'it has a webhook already',
      [wanted('new')],
      aState({ intents: [lost], entries: [anEntry({ name: 'a', id: 3, spec: SPEC })] }),
    ],
    [
      'it is only to be looked for once more',
      [wanted('new')],
      aState({ closed: [{ intent: lost, at: lost.at, witness: 20 }] }),
    ],
  ])('does not when %s', (_title, desired, state) => {
    expect(renamesOfUncertain(desired, state)).toEqual([]);
  });
});

describe('an entry that says what it was', () => {
  const was = (name: string, spec = SPEC) => {
    return { ...wanted('new', spec), was: { name, file: 'webhooks.yaml', line: 3, column: 10 } };
  };
  const other = { ...SPEC, trigger: 'open' as const };
  const made = anEntry({ name: 'a', id: 3, spec: SPEC });
  const goes = [{ from: 'a', to: 'new' }];

  it.each([
    ['takes along what is open, however it is now', aState({ intents: [lost] }), goes],
    ['takes along a webhook with what was to replace it', aState({ entries: [made], intents: [lost] }), goes],
    [
      'takes along a webhook where something of its new name is open',
      aState({ entries: [made], intents: [{ ...lost, name: 'new' }] }),
      goes,
    ],
    ['leaves the renaming to the plan where nothing is open', aState({ entries: [made] }), []],
    [
      'leaves it where it has a webhook of its own',
      aState({ entries: [anEntry({ name: 'new', id: 5, spec: SPEC })], intents: [lost] }),
      [],
    ],
  ])('%s', (_title, state, expected) => {
    expect(renamesOfUncertain([was('a', other)], state)).toEqual(expected);
  });

  it('does not take a second one along that is equal', () => {
    const state = aState({
      intents: [
        { ...lost, name: 'a', spec: other },
        { ...lost, intent: 2, name: 'b' },
      ],
    });
    expect(renamesOfUncertain([was('a')], state)).toEqual(goes);
  });
});

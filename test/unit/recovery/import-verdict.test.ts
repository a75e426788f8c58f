import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { importVerdict, refusedUnread } from '../../../src/recovery/import-verdict.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC = { handler: 'https://a.example/x', trigger: 'create' } as const;
/** The manifest has a and b; what else the state has is orphaned. */
const FOR_A = { name: 'a', wanted: new Set(['a', 'b']), isProtected: false };
const RANGES = [
  { from: 15, to: 17 },
  { from: 20, to: 29 },
];

function live(id: number, more: Partial<LiveWebhook> = {}): LiveWebhook {
  return { id, callers: ['ms', 'publisher'], database: null, collection: null, ...SPEC, ...more };
}

const entries = [anEntry({ name: 'a', id: 30, spec: SPEC })];
const plain = aState({ entries });
const marked = aState({ entries, possiblyDuplicated: { a: RANGES } });
const open = anIntent({ intent: 1, name: 'a', above: 30, spec: { ...SPEC, database: 8 } });
const replacing = aState({ entries, intents: [open] });
const uncertain = aState({ intents: [open] });
const pending = aState({ pendingDeletes: [{ id: 30, name: 'a', spec: SPEC }] });
const others = aState({ entries: [anEntry({ name: 'b', id: 30, spec: SPEC })] });
const limited = { ...SPEC, database: 8 };
const orphaned = aState({ entries: [anEntry({ name: 'old', id: 30, spec: limited })] });
const notShown = aState({ entries: [anEntry({ name: 'old', id: 30, spec: SPEC, isScopeNotShown: true })] });
const ownNotShown = aState({ entries: [anEntry({ name: 'a', id: 30, spec: SPEC, isScopeNotShown: true })] });
const dropped = aState({ pendingDeletes: [{ id: 30, name: 'old', spec: SPEC }] });
const closed = aState({ entries, closed: [{ intent: open, at: open.at, witness: 40 }] });

describe('an import', () => {
  it.each([
    ['of what nobody has, for nobody', aState({}), live(7), 'take-over'],
    [
      'for an uncertain create, of another webhook',
      uncertain,
      live(7, { handler: 'https://other.example' }),
      'take-over',
    ],
    ['of what another entry has', others, live(30), 'refuse'],
    ['of what an orphaned entry has', orphaned, live(30), 'take-over'],
    ['of what is to be deleted', pending, live(30), 'refuse'],
    ['of what was an orphaned entry’s and is to be deleted', dropped, live(30), 'refuse'],
    ['of its own, of which nobody knows the scope', ownNotShown, live(30), 'take-over'],
    ['of another, for an entry of unknown scope', ownNotShown, live(31), 'refuse'],
    ['for an entry that is not in doubt', plain, live(25), 'refuse'],
    ['for an entry of which a create is only looked for once more', closed, live(31), 'refuse'],
    ['of its own, not in doubt', plain, live(30), 'refuse'],
    ['of its own, which may exist twice', marked, live(30), 'settle'],
    ['of its double', marked, live(25), 'take-over'],
    ['of the first id of a range', marked, live(15), 'take-over'],
    ['of the last id of a range', marked, live(29), 'take-over'],
    ['of an id below the ranges', marked, live(14), 'refuse'],
    ['of an id between the ranges', marked, live(18), 'refuse'],
    ['of an id above the ranges', marked, live(31), 'refuse'],
    ['of one in the range with another trigger', marked, live(25, { trigger: 'open' }), 'refuse'],
    ['of one in the range with a database shown', marked, live(25, { database: 9 }), 'refuse'],
    ['of its own, to be replaced', replacing, live(30), 'settle'],
    ['of what replaces it', replacing, live(31), 'take-over'],
    ['of what is older than the POST', replacing, live(29), 'refuse'],
    ['of what was not sent', replacing, live(31, { callers: ['ms'] }), 'refuse'],
  ])('%s', (_title, state, webhook, kind) => {
    expect(importVerdict(state, FOR_A, webhook).kind).toBe(kind);
  });

  it.each([
    ['of its double', marked, live(25), 'refuse'],
    ['of what replaces it', replacing, live(31), 'refuse'],
    ['of its own, which may exist twice', marked, live(30), 'settle'],
    ['of its own, of which nobody knows the scope', ownNotShown, live(30), 'take-over'],
    ['of what an orphaned entry has', orphaned, live(30), 'take-over'],
  ])('%s, for a protected entry, never deletes the webhook that this has', (_title, state, webhook, kind) => {
    expect(importVerdict(state, { ...FOR_A, isProtected: true }, webhook).kind).toBe(kind);
  });

  it('of a double has the entry’s own deleted, with the limits that were sent', () => {
    expect(importVerdict(marked, FOR_A, live(25))).toMatchObject({ former: 30, spec: SPEC, intent: null });
    expect(importVerdict(replacing, FOR_A, live(31))).toMatchObject({ former: 30, spec: { database: 8 }, intent: 1 });
  });

  it('of an orphaned entry’s takes the scope from the state where that knows it, else from the manifest', () => {
    const moved = { former: null, from: 'old', intent: null };
    expect(importVerdict(orphaned, FOR_A, live(30))).toMatchObject({ ...moved, spec: limited });
    expect(importVerdict(notShown, FOR_A, live(30))).toMatchObject({ ...moved, spec: null });
    expect(importVerdict(ownNotShown, FOR_A, live(30))).toMatchObject({ former: null, from: 'a', spec: null });
    expect(importVerdict(aState({}), FOR_A, live(30))).toMatchObject({ from: null });
  });

  it('of a double that an orphaned entry has moves it, and has the entry’s own deleted', () => {
    const both = aState({
      entries: [...entries, anEntry({ name: 'old', id: 25, spec: SPEC })],
      possiblyDuplicated: { a: RANGES },
    });
    expect(importVerdict(both, FOR_A, live(25))).toMatchObject({ former: 30, from: 'old', spec: SPEC });
  });

  it('closes the one open intent that can have made it, and no other', () => {
    const twice = aState({
      intents: [
        { ...open, above: 40 },
        { ...open, intent: 2 },
        { ...open, intent: 3 },
      ],
    });
    expect(importVerdict(twice, FOR_A, live(35))).toMatchObject({ former: null, intent: 2 });
    expect(importVerdict(twice, FOR_A, live(35, { trigger: 'open' }))).toMatchObject({ intent: null, spec: null });
  });

  it('of its own cancels all that is open, and clears the mark where there is one', () => {
    const both = aState({ entries, intents: [open, { ...open, intent: 2 }], possiblyDuplicated: { a: RANGES } });
    expect(importVerdict(both, FOR_A, live(30))).toMatchObject({
      cancels: [{ intent: 1 }, { intent: 2 }],
      marked: true,
    });
    expect(importVerdict(replacing, FOR_A, live(30))).toMatchObject({ cancels: [{ intent: 1 }], marked: false });
  });

  it('is refused before anything is read, where nothing depends on what the webhook is', () => {
    expect(refusedUnread(plain, FOR_A, 25)?.message).toBe('a is webhook 30 already');
    expect(refusedUnread(others, FOR_A, 30)?.message).toBe('webhook 30 belongs to b already');
    expect(refusedUnread(marked, FOR_A, 25)).toBeNull();
    expect(refusedUnread(uncertain, FOR_A, 25)).toBeNull();
  });
});

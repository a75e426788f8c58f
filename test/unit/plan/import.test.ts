import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { judgeImport } from '../../../src/plan/import.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC = { handler: 'https://a.example/x', trigger: 'create' } as const;
const RANGE = { from: 20, to: 29 };

function live(id: number, more: Partial<LiveWebhook> = {}): LiveWebhook {
  return { id, callers: ['ms', 'publisher'], database: null, collection: null, ...SPEC, ...more };
}

const plain = aState({ entries: [anEntry({ name: 'a', id: 30, spec: SPEC })] });
const marked = aState({ entries: [anEntry({ name: 'a', id: 30, spec: SPEC, possiblyDuplicated: RANGE })] });
const open = anIntent({ intent: 1, name: 'a', above: 30, spec: { ...SPEC, database: 8 } });
const replacing = aState({ entries: [anEntry({ name: 'a', id: 30, spec: SPEC })], intents: [open] });
const uncertain = aState({ intents: [open] });
const doomed = aState({ doomed: [{ id: 30, name: 'a', spec: SPEC }] });

describe('an import', () => {
  it.each([
    ['of what nobody has, for nobody', aState({}), live(7), 'take-over'],
    ['for an uncertain create', uncertain, live(7, { handler: 'https://other.example' }), 'take-over'],
    ['of what is to be deleted', doomed, live(30), 'refuse'],
    ['for an entry that is not in doubt', plain, live(25), 'refuse'],
    ['of its own, not in doubt', plain, live(30), 'refuse'],
    ['of its own, which may exist twice', marked, live(30), 'settle'],
    ['of its double', marked, live(25), 'take-over'],
    ['of the first id of the range', marked, live(20), 'take-over'],
    ['of the last id of the range', marked, live(29), 'take-over'],
    ['of an id below the range', marked, live(19), 'refuse'],
    ['of an id above the range', marked, live(31), 'refuse'],
    ['of one in the range with another trigger', marked, live(25, { trigger: 'open' }), 'refuse'],
    ['of one in the range with a database shown', marked, live(25, { database: 9 }), 'refuse'],
    ['of its own, to be replaced', replacing, live(30), 'settle'],
    ['of what replaces it', replacing, live(31), 'take-over'],
    ['of what is older than the POST', replacing, live(29), 'refuse'],
    ['of what was not sent', replacing, live(31, { callers: ['ms'] }), 'refuse'],
  ])('%s', (_title, state, webhook, kind) => {
    expect(judgeImport(state, 'a', webhook).kind).toBe(kind);
  });

  it('of a double has the entry’s own deleted, with the limits that were sent', () => {
    expect(judgeImport(marked, 'a', live(25))).toMatchObject({ former: 30, spec: SPEC });
    expect(judgeImport(replacing, 'a', live(31))).toMatchObject({ former: 30, spec: { database: 8 } });
  });
});

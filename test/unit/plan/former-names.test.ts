import { describe, expect, it } from 'vitest';
import { formerNameNotices } from '../../../src/plan/former-names.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const at = (name: string) => ({ name, file: 'b.yaml', line: 7, column: 10 });
const entry: DesiredWebhook = { name: 'new', spec: SPEC, file: 'b.yaml', line: 6, column: 11, was: at('old') };
const old = anEntry({ name: 'old', id: 1, spec: SPEC });
const own = anEntry({ name: 'new', id: 2, spec: SPEC });
const lost = anIntent({ intent: 1, name: 'old', spec: SPEC });

function messages(state: Parameters<typeof aState>[0], removed: readonly string[] = []): string[] {
  const entries = removed.length === 0 ? [entry] : [];
  return formerNameNotices({ entries, removed: removed.map(at) }, aState(state)).map(({ message }) => message);
}

describe('a name that the state had', () => {
  it.each([
    ['was, of a webhook', messages({ entries: [old] }), []],
    ['was, of an uncertain create', messages({ intents: [lost] }), []],
    ['was, of nothing', messages({ entries: [own] }), ['no webhook is called "old" any more']],
    [
      'was, of a webhook, where the entry has another',
      messages({ entries: [old, own] }),
      ['new has a webhook of its own, so it does not take over that of "old"'],
    ],
    ['removed, of a webhook', messages({ entries: [old] }, ['old']), []],
    ['removed, of an uncertain create', messages({ intents: [lost] }, ['old']), []],
    ['removed, of one on its way out', messages({ pendingDeletes: [old] }, ['old']), []],
    ['removed, of nothing', messages({ entries: [own] }, ['old']), ['no webhook is called "old" any more']],
  ])('%s', (_title, told, expected) => {
    expect(told).toEqual(expected);
  });

  it('is told at its place, as a notice', () => {
    expect(formerNameNotices({ entries: [entry], removed: [] }, null)).toMatchObject([
      { code: 'was-unknown', severity: 'notice', name: 'new', file: 'b.yaml', line: 7, column: 10 },
    ]);
  });
});

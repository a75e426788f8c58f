import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/plan/change.js';
import { planDigest } from '../../../src/plan/digest.js';
import { makePlan } from '../../../src/plan/plan.js';
import { type SavedPlan, savedChanges, staleness } from '../../../src/plan/saved.js';
import type { State } from '../../../src/state/state.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const shown = { names: new Map<string, string>(), hideValues: (text: string) => text };

function wanted(name: string, spec: Partial<WebhookSpec> = {}, handlerAsWritten?: string): DesiredWebhook {
  const written = handlerAsWritten === undefined ? {} : { handlerAsWritten };
  return { name, spec: { ...SPEC, ...spec }, file: 'webhooks.yaml', line: 2, column: 5, ...written };
}

function entry(name: string, id: number, spec: Partial<WebhookSpec> = {}) {
  return anEntry({ name, id, spec: { ...SPEC, ...spec } });
}

const STATE = aState({ entries: [entry('a', 10, { trigger: 'update' }), entry('gone', 11, { trigger: 'click' })] });

function plan(desired: readonly DesiredWebhook[], state: State | null = STATE): readonly Change[] {
  return makePlan(desired, state, new Map(), { prune: true }).changes;
}

function saved(changes: readonly Change[], state: State | null = STATE): SavedPlan {
  return {
    account: { label: null, id: '34', name: null, api: 'https://api.copernica.com' },
    file: 'webhooks.yaml',
    prune: true,
    refreshed: true,
    digest: planDigest(changes, state),
    changes: savedChanges(changes, shown),
  };
}

/** What is told of a plan that was saved for `before`, and is applied when `now` is to be done. */
function told(before: readonly Change[], now: readonly Change[], state: State | null = STATE): string[] {
  return staleness(saved(before), now, { path: 'plan.json', shown, state }).map(({ message }) => message);
}

const PLANNED = plan([wanted('a'), wanted('b', { trigger: 'open' })]);

describe('a saved plan is as good as new', () => {
  it.each<[string, readonly Change[], State]>([
    ['while nothing changed', plan([wanted('a'), wanted('b', { trigger: 'open' })]), STATE],
    [
      'where the manifest writes the same otherwise',
      plan([wanted('a', { callers: ['publisher', 'ms'] }), wanted('b', { trigger: 'open' })]),
      STATE,
    ],
    [
      'where lines moved',
      plan([
        { ...wanted('a'), line: 9 },
        { ...wanted('b', { trigger: 'open' }), line: 20 },
      ]),
      STATE,
    ],
  ])('%s', (_why, now, state) => {
    expect(told(PLANNED, now, state)).toEqual([]);
  });

  it('whatever is uncertain besides: settling that is no part of it', () => {
    const state = aState({ intents: [anIntent({ intent: 1, name: 'c', spec: { ...SPEC, trigger: 'bounce' } })] });
    const c = wanted('c', { trigger: 'bounce' });
    const before = plan([wanted('b', { trigger: 'open' }), c], state);
    expect(before.map(({ action }) => action)).toEqual(['create', 'recover']);
    const settled = aState({ entries: [entry('c', 12, { trigger: 'bounce' })] });
    const now = plan([wanted('b', { trigger: 'open' }), c], settled);
    expect(staleness(saved(before, state), now, { path: 'p', shown, state: settled })).toEqual([]);
  });
});

describe('a saved plan is stale, and says what differs,', () => {
  it.each<[string, readonly Change[], RegExp]>([
    [
      'where more is to be done',
      plan([wanted('a'), wanted('b', { trigger: 'open' }), wanted('c', { trigger: 'delete' })]),
      /^c: planned: nothing; now: create \(handler: "https:\/\/a.example\/x", trigger: "delete"/,
    ],
    ['where less is to be done', plan([wanted('a')]), /^b: planned: create \(.*\); now: nothing to do$/],
    [
      'where something else is to be done',
      plan([wanted('a'), wanted('b', { trigger: 'bounce' })]),
      /^b: planned: create \(.*"open".*\); now: create \(.*"bounce"/,
    ],
    [
      'where an update leads elsewhere',
      plan([wanted('a', { trigger: 'failure' }), wanted('b', { trigger: 'open' })]),
      /^a: planned: update of webhook 10 \(trigger: "update" → "create"\); now: update of webhook 10 \(trigger: "update" → "failure"\)$/,
    ],
    [
      'where something is not deleted any more',
      plan([wanted('a'), wanted('b', { trigger: 'open' }), wanted('gone', { trigger: 'click' })]),
      /^gone: planned: delete of webhook 11 \(.*\); now: nothing to do$/,
    ],
  ])('%s', (_why, now, message) => {
    const [headline, ...differences] = told(PLANNED, now);
    expect(headline).toBe('the saved plan plan.json is out of date, so nothing was done: 1 change is not as planned');
    expect(differences).toEqual([expect.stringMatching(message)]);
  });

  it('where only the value of a variable is another', () => {
    const handler = 'https://a.example/$' + '{WEBHOOKS_KEY}';
    const withKey = (key: string) =>
      plan([wanted('k', { handler: `https://a.example/${key}`, trigger: 'open' }, handler)]);
    const [, difference] = told(withKey('one-value'), withKey('other-value'));
    expect(difference).toMatch(/^k: still create .*, but the value of a variable has changed since it was planned$/);
    expect(JSON.stringify(saved(withKey('one-value')))).not.toContain('one-value');
  });

  it.each<[string, State | null]>([
    ['of another lineage', { ...STATE, lineage: 'another' }],
    ['of another account', { ...STATE, account: '35' }],
    ['that is not there', null],
  ])('for a state %s', (_which, state) => {
    expect(told(PLANNED, PLANNED, state)).toEqual([expect.stringContaining('made for another state or account')]);
  });

  it('where the order is another', () => {
    expect(told(PLANNED, plan([wanted('b', { trigger: 'open' }), wanted('a')]))).toEqual([
      expect.stringContaining('their order differs'),
    ]);
  });

  it('with twenty differences at most', () => {
    const many = Array.from({ length: 30 }, (_, n) => wanted(`n${n}`, { handler: `https://n.example/${n}` }));
    const messages = told(PLANNED, plan([wanted('a'), wanted('b', { trigger: 'open' }), ...many]));
    expect(messages).toHaveLength(22);
    expect(messages.at(-1)).toBe('and 10 more differences');
  });
});

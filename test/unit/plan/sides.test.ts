// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { stateOfManifest, withStandIns } from '../../../src/plan/against.js';
import type { LiveViews } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import { sidesOf } from '../../../src/plan/sides.js';
import type { DesiredWebhook, ManifestEntry, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', database: 7 };
const WHOLE = {
  handler: 'https://a.example/x',
  trigger: 'create',
  callers: ['ms', 'publisher'],
  database: 7,
  collection: null,
};
const shown = { names: new Map<string, string>(), hideValues: (text: string) => text.replace('hunter22', '***') };

function wanted(name: string, spec: WebhookSpec = SPEC, handlerAsWritten?: string): DesiredWebhook {
  return {
    name,
    spec,
    file: 'webhooks.yaml',
    line: 2,
    column: 5,
    ...(handlerAsWritten === undefined ? {} : { handlerAsWritten }),
  };
}

const a = anEntry({ name: 'a', id: 10, spec: SPEC });
const known = aState({ entries: [a] });
const changedLive: LiveViews = new Map([
  [
    10,
    {
      kind: 'found',
      webhook: {
        id: 10,
        handler: 'https://a.example/hunter22',
        trigger: 'create',
        callers: [],
        database: 7,
        collection: undefined,
      },
    },
  ],
]);

describe('what a change starts from and leads to', () => {
  it.each<[string, ReturnType<typeof makePlan>, object]>([
    ['create', makePlan([wanted('a')], null), { before: null, after: WHOLE }],
    [
      'create with variables',
      makePlan([wanted('a', SPEC, 'https://${WEBHOOKS_HOST}/x')], null),
      { before: null, after: { ...WHOLE, handler: 'https://${WEBHOOKS_HOST}/x' } },
    ],
    [
      'update',
      makePlan([wanted('a', { ...SPEC, trigger: 'update', callers: ['ms'] })], known),
      {
        before: { trigger: 'create', callers: ['ms', 'publisher'] },
        after: { trigger: 'update', callers: ['ms'] },
      },
    ],
    [
      'update of what was changed in the account, without values of variables',
      makePlan([wanted('a')], known, changedLive),
      { before: { handler: 'https://a.example/***' }, after: { handler: 'https://a.example/x' } },
    ],
    [
      'replace',
      makePlan([wanted('a', { ...SPEC, database: 8, collection: 3 })], known),
      { before: { database: 7, collection: null }, after: { database: 8, collection: 3 } },
    ],
    [
      'replace of what nobody knows the scope of',
      makePlan([wanted('a')], aState({ entries: [anEntry({ name: 'a', id: 10, spec: SPEC, isScopeUnknown: true })] })),
      { before: {}, after: { database: 7, collection: null } },
    ],
    ['move', makePlan([wanted('b')], known), { before: { name: 'a' }, after: { name: 'b' } }],
    ['none', makePlan([wanted('a')], known), { before: null, after: null }],
    ['orphaned', makePlan([], known), { before: null, after: null }],
    ['delete', makePlan([], known, new Map(), { prune: true }), { before: WHOLE, after: null }],
    [
      'recover',
      makePlan([wanted('a')], aState({ intents: [anIntent({ intent: 1, name: 'a', spec: SPEC })] })),
      { before: null, after: WHOLE },
    ],
  ])('%s', (_what, { changes: [change] }, expected) => {
    if (change === undefined) throw new Error('nothing is planned');
    expect(sidesOf(change, shown)).toEqual(expected);
  });

  it('names databases where there is no account to look them up in', () => {
    const entryIn = (name: string): ManifestEntry => {
      const database = { name, shown: name, line: 1, column: 1, frame: '' };
      return { name: 'a', spec: { ...SPEC, database }, file: 'webhooks.yaml', line: 2, column: 5 };
    };
    const { manifests, names } = withStandIns([[entryIn('New')], [entryIn('Old')]]);
    const [desired = [], before = []] = manifests;
    const [change] = makePlan(desired, stateOfManifest(before)).changes;
    if (change === undefined) throw new Error('nothing is planned');
    expect(sidesOf(change, { ...shown, names })).toEqual({ before: { database: 'Old' }, after: { database: 'New' } });
  });
});

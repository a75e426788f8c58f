// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { formatApplied } from '../../../src/output/apply-text.js';
import { formatList, listJson } from '../../../src/output/list.js';
import { planAnnotations } from '../../../src/output/plan-github.js';
import { planJson } from '../../../src/output/plan-json.js';
import { formatPlan } from '../../../src/output/plan-text.js';
import { discoveredManifest, nameDiscovered } from '../../../src/plan/discovered.js';
import type { LiveView, LiveViews } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import type { StateEntry } from '../../../src/state/state.js';
import type { DesiredWebhook, Trigger } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const WRITTEN = 'https://a.example/${WEBHOOKS_KEY}';

/** A handler, and how a file writes it. */
type Handler = readonly [value: string, handlerAsWritten?: string];

function specOf([handler]: Handler, trigger: Trigger = 'create') {
  return { handler, trigger };
}

function writtenOf([, handlerAsWritten]: Handler) {
  return handlerAsWritten === undefined ? {} : { handlerAsWritten };
}

function wanted(handler: Handler, trigger?: Trigger): DesiredWebhook {
  return {
    name: 'a',
    spec: specOf(handler, trigger),
    ...writtenOf(handler),
    file: 'webhooks.yaml',
    line: 2,
    column: 5,
  };
}

function known(handler: Handler, more: Partial<StateEntry> = {}) {
  return aState({ entries: [anEntry({ name: 'a', id: 7, spec: specOf(handler), ...writtenOf(handler), ...more })] });
}

function seen(handler: string): LiveViews {
  const webhook = { id: 7, handler, trigger: 'create', callers: [], database: undefined, collection: undefined };
  return new Map([[7, { kind: 'found', webhook } satisfies LiveView]]);
}

const hideValues = (text: string) => text.replaceAll('hunter22', '***');

function planned(desired: DesiredWebhook, state: Parameters<typeof makePlan>[1], live?: LiveViews) {
  const { changes } = makePlan([desired], state, live);
  return { changes, text: formatPlan(changes, { color: false, hideValues }) };
}

describe('a plan shows a handler as the file writes it', () => {
  it.each<[string, Handler]>([
    ['with its variables', ['https://a.example/hunter22', WRITTEN]],
    ['with their default values', ['https://a.example/x', 'https://${WEBHOOKS_HOST:-a.example}/x']],
    ['with what is no variable', ['https://a.example/?q=${x}', 'https://a.example/?q=$${x}']],
    ['with user info, query and fragment', ['https://u:p@a.example/?key=abc#f', 'https://u:p@a.example/?key=abc#f']],
  ])('%s', (_what, handler) => {
    const { text } = planned(wanted(handler), null);
    expect(text).toContain(`create → ${handler[1]}  (webhooks.yaml:2)`);
  });

  it('where it takes the place of another', () => {
    const { text } = planned(wanted(['https://a.example/hunter22', WRITTEN]), known(['https://b.example/old', '${B}']));
    expect(text).toContain(`handler: \${B} → ${WRITTEN}`);
  });

  it('and one that no file is known to have written masked', () => {
    const { text } = planned(wanted(['https://a.example/hunter22', WRITTEN]), known(['https://u:p@b.example/?k=v#f']));
    expect(text).toContain(`handler: https://***@b.example/?***#*** → ${WRITTEN}`);
  });

  it('and one that was changed in the account masked, and without values of variables', () => {
    const own: Handler = ['https://a.example/hunter22', WRITTEN];
    const { text } = planned(wanted(own), known(own), seen('https://a.example/hunter22?more=1'));
    expect(text).toContain(`handler: https://a.example/***?*** → ${WRITTEN}`);
  });

  it('and not what an update that may have been lost would have set', () => {
    const own: Handler = ['https://a.example/x'];
    const { text } = planned(wanted(own), known(own, { updating: specOf(['https://a.example/hunter22']) }));
    expect(text).toContain('handler: ? → https://a.example/x');
  });
});

describe('where only the value of a variable changed', () => {
  const before = known(['https://a.example/hunter22', WRITTEN]);
  const { changes, text } = planned(wanted(['https://a.example/hunter33', WRITTEN]), before);
  const reason = 'the value of a variable changed';

  it('a plan says so', () => {
    expect(text).toContain(`webhook 7: ${reason}`);
    expect(text).toContain(`handler: ${WRITTEN} (${reason})`);
    expect(planJson(changes, { names: new Map(), hideValues }).changes).toMatchObject([
      { action: 'update', fields: ['handler'], reason },
    ]);
    expect(planAnnotations(changes, { unread: 0 })).toContain(`::${reason}\n`);
  });

  it('what was applied says so', () => {
    const [change] = changes;
    if (change === undefined) throw new Error('nothing is planned');
    const applied = formatApplied([{ change, result: 'done', id: 7, error: null }], { color: false });
    expect(applied).toContain(`a (webhook 7): ${reason}\n`);
  });

  it('and something else too, the reason is the manifest', () => {
    const both = planned(wanted(['https://a.example/hunter33', WRITTEN], 'update'), before);
    expect(both.changes).toMatchObject([{ reason: 'changed in the manifest' }]);
    expect(both.text).toContain(`handler: ${WRITTEN} (${reason})`);
  });
});

it('a state that does not have how the file writes a handler, or otherwise, is no change', () => {
  for (const state of [known(['https://a.example/hunter22']), known(['https://a.example/hunter22', '${OTHER}'])]) {
    expect(planned(wanted(['https://a.example/hunter22', WRITTEN]), state).changes).toMatchObject([{ action: 'none' }]);
  }
});

describe('a list shows a handler', () => {
  const spec = specOf(['https://a.example/hunter22?key=v']);
  const cases = (handlerAsWritten: { handlerAsWritten?: string }) => [
    aState({ entries: [anEntry({ name: 'a', id: 7, spec, ...handlerAsWritten })] }),
    aState({ intents: [anIntent({ intent: 1, name: 'a', spec, ...handlerAsWritten })] }),
    aState({ pendingDeletes: [{ name: 'a', id: 7, spec, ...handlerAsWritten }] }),
  ];

  it('as the file writes it, of what exists, is uncertain, or is to be deleted', () => {
    for (const state of cases({ handlerAsWritten: WRITTEN })) {
      expect(listJson(state)).toMatchObject([{ handler: WRITTEN }]);
      expect(formatList(state, { color: false, file: 's' })).toContain(`create → ${WRITTEN}\n`);
    }
  });

  it('without user info, query and fragment where that is not known', () => {
    for (const state of cases({})) {
      expect(listJson(state)).toMatchObject([{ handler: 'https://a.example/hunter22?***' }]);
      expect(formatList(state, { color: false, file: 's' })).toContain('create → https://a.example/hunter22?***\n');
    }
  });
});

describe('the manifest that `discover` prints', () => {
  const live = { trigger: 'create', callers: [], database: undefined, collection: undefined };

  it('has a handler as a file writes it where the state knows that, and else whole, so that it works', () => {
    const handler = 'https://a.example/hunter22';
    const found = nameDiscovered(
      [
        { ...live, id: 7, handler },
        { ...live, id: 8, handler, trigger: 'open' },
        { ...live, id: 9, handler: 'https://b.example/?key=${v}' },
      ],
      known([handler, WRITTEN]),
    );
    const text = discoveredManifest(found);
    expect(text.match(/handler: .*/g)).toEqual([
      `handler: ${WRITTEN}`,
      `handler: ${WRITTEN}`,
      'handler: https://b.example/?key=$${v}',
    ]);
  });
});

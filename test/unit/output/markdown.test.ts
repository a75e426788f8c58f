import { describe, expect, it } from 'vitest';
import { applyMarkdown, planMarkdown, problemsMarkdown } from '../../../src/output/markdown.js';
import { makePlan } from '../../../src/plan/plan.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create' };
const OPTIONS = {
  head: 'Account 34 Development (Copernica BV) at api.copernica.com',
  unread: 0,
  names: new Map<string, string>(),
  hideValues: (text: string) => text,
};

function wanted(name: string, spec: Partial<WebhookSpec> = {}): DesiredWebhook {
  return { name, spec: { ...SPEC, ...spec }, file: 'webhooks.yaml', line: 2, column: 5 };
}

const state = aState({
  entries: [anEntry({ name: 'a', id: 10, spec: SPEC }), anEntry({ name: 'old', id: 11, spec: SPEC })],
});

describe('a plan in Markdown', () => {
  it('is a summary line, whom it is about, a table, and the differences folded away', () => {
    const { changes } = makePlan([wanted('a', { trigger: 'update' }), wanted('b')], state);
    expect(planMarkdown(changes, OPTIONS)).toBe(`**Plan\\: 1 to update, 1 to rename**

Account 34 Development \\(Copernica BV\\) at api\\.copernica\\.com

| Entry | Action | Webhook | Why | Where |
| --- | --- | --- | --- | --- |
| \`a\` | update | 10 | changed in the manifest | \`webhooks.yaml:2\` |
| \`b\` | move | 11 | was old | \`webhooks.yaml:2\` |

<details><summary>Differences</summary>

\`\`\`diff
# a: update
- trigger: create
+ trigger: update
# b: move
- name: old
+ name: b
\`\`\`

</details>
`);
  });

  it('of nothing to do is two lines', () => {
    const { changes } = makePlan([wanted('a')], aState({ entries: [anEntry({ name: 'a', id: 10, spec: SPEC })] }));
    expect(planMarkdown(changes, OPTIONS).split('\n')).toEqual([
      '**Nothing to do\\: 1 unchanged**',
      '',
      expect.stringContaining('Account 34'),
      '',
    ]);
  });

  it('has the result of each change where it was applied', () => {
    const { changes } = makePlan([wanted('b')], null);
    const text = applyMarkdown(
      changes.map((change) => ({ change, result: 'done', id: 12, error: null })),
      OPTIONS,
    );
    expect(text).toContain('**Done\\: 1 created**');
    expect(text).toContain('| `b` | create | done |');
  });

  it('says that all is refused where it is, and not that the manifest is empty', () => {
    const ofOne = aState({ entries: [anEntry({ name: 'a', id: 10, spec: SPEC })] });
    const { changes } = makePlan([{ ...wanted('a', { database: 1018 }), protect: true }], ofOne);
    expect(planMarkdown(changes, OPTIONS)).toMatch(/^\*\*Nothing to do\\: 1 refused\*\*\n/);
  });

  it('says that nothing came about where all of it failed', () => {
    const { changes } = makePlan([wanted('b')], null);
    const text = applyMarkdown(
      changes.map((change) => ({ change, result: 'failed', id: null, error: null })),
      OPTIONS,
    );
    expect(text).toContain('**Done\\: nothing, 1 not done**');
  });

  it('counts what a comment would not hold', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => wanted(`n${n}`, { handler: `https://n.example/${n}` }));
    const text = planMarkdown(makePlan(many, null).changes, OPTIONS);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('…and 9900 more');
  });

  it('gives names and messages no way out of their place', () => {
    const evil = 'x`|<script>\n::error::@team #1 [a](https://evil.example) www.evil.example';
    const hostile = aState({
      entries: [anEntry({ name: evil, id: 10, spec: { ...SPEC, handler: `https://a/\`\`\`${evil}` } })],
    });
    const { changes } = makePlan([], hostile, new Map(), { prune: true });
    const text = planMarkdown(changes, { ...OPTIONS, head: evil });
    const lines = text.split('\n');
    expect(lines.some((line) => line.startsWith('::'))).toBe(false);
    expect(lines.filter((line) => line.startsWith('```'))).toEqual(['```diff', '```']);
    const [, head] = text.split('\n\n');
    expect(head).toBe(
      'x\\`\\|\\<script\\>␊\\:\\:error\\:\\:\\@&#8203;team \\#&#8203;1 \\[a\\]\\(https\\:\\/\\/evil\\.example\\) www\\.evil\\.example',
    );
    const row = lines.find((line) => line.includes('| delete |'));
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(6);
  });
});

describe('problems in Markdown', () => {
  it('stand in one block of code that they can not end', () => {
    const text = problemsMarkdown([
      { code: 'bad-name', severity: 'error', message: '```x', file: 'w.yaml', line: 2, column: 3, remedy: 'y' },
    ]);
    expect(text).toBe("```text\nw.yaml:2:3: error: '''x\n  help: y\n```\n");
    expect(problemsMarkdown([])).toBe('');
  });
});

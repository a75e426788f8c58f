import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hider } from '../../../src/copernica/redact.js';
import { type NoticePayload, payloadOf } from '../../../src/notices/message.js';
import { ISSUES, type Issue, issue, reportIssues } from '../../../src/status/issues.js';
import { type Fate, problem, report } from '../../helpers/outcomes.js';

const MINUTE = 60_000;
const SENDER = { version: '1.2.3', at: new Date('2026-01-01T00:12:00.000Z') };

function tell(
  issues: readonly Issue[],
  parts: { status?: NoticePayload['status']; account?: string | null; secrets?: readonly string[] } = {},
): NoticePayload {
  const { status = 'problem', account = 'live', secrets = [] } = parts;
  return payloadOf({ status, issues, lastedMs: 12 * MINUTE }, { ...SENDER, account }, hider(secrets));
}

function issuesAfter(fates: Readonly<Record<string, Fate>>): Issue[] {
  return reportIssues(report(fates).view);
}

describe('a notice', () => {
  it('says who, what and what to do in two lines, and the same for programs', () => {
    expect(tell(issuesAfter({ a: 'failed', b: 'failed', c: 'fine' }))).toEqual({
      text: 'copernica-webhooks (live): problem: 2 webhooks are not as the manifest says: a: no, said the API [a, b]\nWhat to do: look at it',
      product: 'copernica-webhooks',
      version: '1.2.3',
      account: 'live',
      status: 'problem',
      at: '2026-01-01T00:12:00.000Z',
      since: '2026-01-01T00:00:00.000Z',
      reasons: [
        {
          code: 'webhooks-failed',
          message: '2 webhooks are not as the manifest says: a: no, said the API',
          names: ['a', 'b'],
          more: 0,
          remedy: 'look at it',
        },
      ],
    });
  });

  it('says how long it took when all is well again, and what it was', () => {
    const { text } = tell([issue('run-failed', { problems: [problem('no connection')] })], {
      status: 'well',
      account: null,
    });
    expect(text).toBe(
      'copernica-webhooks: recovered after 12 minutes: the account matches the manifest\nIt was: the last run could not be carried out: no connection',
    );
  });

  it('names drift, and the place of what is wrong in a manifest', () => {
    expect(tell([issue('drift', { names: ['a'] })], { status: 'note' }).text).toBe(
      'copernica-webhooks (live): note: 1 webhook was found gone or changed in the account [a]\nWhat to do: they are put back as the manifest says: find out who else changes them',
    );
    const place = { file: 'webhooks.yaml', line: 3, column: 5 };
    const problems = [{ ...problem('unknown field "x"'), ...place }, problem('more'), problem('more')];
    expect(tell([issue('manifest-broken', { problems })]).text).toContain(
      'the manifest is broken; the last good one stays in force: webhooks.yaml:3:5: unknown field "x", and 2 more problems',
    );
    expect(tell([issue('manifest-broken', { problems, title: 'there is no valid manifest to go by' })]).text).toContain(
      'there is no valid manifest to go by: webhooks.yaml:3:5: ',
    );
  });

  it('says where to look for a webhook that may exist twice', () => {
    expect(tell(issuesAfter({ a: 'doubled', b: 'doubled' })).text).toMatch(
      /2 webhooks may exist twice: a: a second .* be among the ids 1 to 9, .* \[a, b\]\nWhat to do: look with "discover/,
    );
  });

  it('names ten webhooks and counts the others', () => {
    const names = Array.from({ length: 1_234 }, (_, index) => `n${index}`);
    const { text, reasons } = tell([issue('drift', { names })], { status: 'note' });
    expect(reasons).toMatchObject([{ names: names.slice(0, 10), more: 1_224 }]);
    expect(text).toContain('[n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 1,224 more]');
  });

  it('is never long, whatever the messages are', () => {
    const issues = Array.from({ length: 7 }, () => issue('run-failed', { problems: [problem('x'.repeat(100_000))] }));
    const payload = tell(issues);
    expect(payload.text.length).toBeLessThanOrEqual(3_001);
    expect(JSON.stringify(payload).length).toBeLessThan(15_000);
  });

  it.each([
    ['a mention', 'no <!channel> here', 'no &lt;!channel&gt; here'],
    ['a link', '<https://evil.example|your bank>', '&lt;https://evil.example|your bank&gt;'],
    ['a character', '&lt;!channel&gt;', '&amp;lt;!channel&amp;gt;'],
    ['a mention without brackets', 'hello @channel', 'hello @\u200bchannel'],
    ['a link of Markdown', '[your bank](https://evil.example)', '[your bank]\u200b(https://evil.example)'],
    ['a second line', 'one\ntwo\u2028three\u202e', 'one␊two�three�'],
  ])('can’t be made to hold %s', (_what, message, shown) => {
    const { text, reasons } = tell([issue('run-failed', { problems: [{ ...problem(message), remedy: 'none' }] })]);
    expect(text).toBe(
      `copernica-webhooks (live): problem: the last run could not be carried out: ${shown}\nWhat to do: none`,
    );
    expect(text.split('\n')).toHaveLength(2);
    expect(reasons[0]?.message.split('\n')).toHaveLength(1);
  });

  it('holds no secret, in no part, cut or not', () => {
    const secret = 'a-secret-token-<&>-of-somebody';
    const long = `${'x'.repeat(585)} ${secret}`;
    const leaky = { ...issue('drift', { names: [secret] }), title: long, remedy: `run ${secret}` };
    const issues = [
      leaky,
      issue('run-failed', { problems: [problem('handler https://u:p4ss@a.example/x?key=s3cret is refused')] }),
    ];
    for (const status of ['problem', 'well', 'note'] as const) {
      const said = JSON.stringify(tell(issues, { status, secrets: [secret] }));
      expect(said).not.toMatch(/a-secret|of-somebody|p4ss|s3cret/);
      expect(said).toContain('***');
    }
  });
});

describe('docs/notices.md', () => {
  const page = readFileSync(new URL('../../../docs/notices.md', import.meta.url), 'utf8');

  it('shows a notice as it is', () => {
    const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(page) ?? [];
    const sample = JSON.parse(json) as NoticePayload;
    const real = tell(issuesAfter({ a: 'failed', b: 'failed' }));
    const formOf = ({ reasons, ...rest }: NoticePayload) => [
      Object.keys(rest),
      reasons.map((each) => Object.keys(each)),
    ];
    expect(formOf(sample)).toEqual(formOf(real));
    expect(sample.text.split('\n').map((line) => line.slice(0, 60))).toEqual([
      real.text.slice(0, 60),
      expect.stringMatching(/^What to do: /),
    ]);
  });

  it('tells what each code means', () => {
    // The first is the head of the table.
    const told = [...page.matchAll(/^\| `([a-z-]+)` \| .* \| .*\|$/gm)].map(([, code]) => code);
    const onlyOnThePage = ['manifest-behind', 'unchecked', 'stale', 'warnings', 'orphaned'];
    expect([...told.slice(1), ...onlyOnThePage].sort()).toEqual(Object.keys(ISSUES).sort());
  });
});

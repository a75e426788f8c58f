import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveTexts, type SettingsTexts } from '../../helpers/settings.js';

function resolve(file: string, more: Omit<SettingsTexts, 'file'> = {}) {
  return resolveTexts({ ...more, file }).resolved;
}

function complaints(file: string, more: Omit<SettingsTexts, 'file'> = {}): string[] {
  const { problems } = resolveTexts({ ...more, file });
  return problems.map(({ line, message }) => `${line ?? '-'} ${message}`);
}

const TWO = `
concurrency: 7
accounts:
  - name: live
    access-token-env: LIVE_TOKEN
    state: live.jsonl
    prune: true
    concurrency: 9
  - name: test
    access-token-file: /run/secrets/test
    state: test.jsonl
`;

describe('accounts', () => {
  it('have settings of their own, and the common ones where they say nothing', () => {
    const environment = { COPERNICA_WEBHOOKS_CONCURRENCY: '8', COPERNICA_WEBHOOKS_TIMEOUT: '8s' };
    expect(resolve(TWO, { environment, flags: { timeout: '5s' } })).toMatchObject({
      common: { name: null, settings: { concurrency: 8, prune: false } },
      accounts: [
        {
          name: 'live',
          token: { variable: 'LIVE_TOKEN' },
          settings: { state: 'live.jsonl', prune: true, concurrency: 9, timeoutMs: 5_000 },
        },
        {
          name: 'test',
          token: { file: '/run/secrets/test' },
          settings: { state: 'test.jsonl', prune: false, concurrency: 8, timeoutMs: 5_000 },
        },
      ],
    });
  });

  it('are one without a name where the file lists none', () => {
    expect(resolve('concurrency: 7')).toMatchObject({
      accounts: [{ name: null, token: { variable: 'COPERNICA_ACCESS_TOKEN' } }],
    });
  });

  it.each([
    ['no list', 'accounts: live', ['1 accounts must be a list']],
    ['an empty list', 'accounts: []', ['1 accounts must be a list']],
    ['no mapping', 'accounts: [live]', ['1 an account must be a mapping']],
    ['no name', 'accounts: [{access-token-env: A}]', ['1 an account has no name']],
    ['a name with a space', 'accounts: [{name: "a b", access-token-env: A}]', ['1 account name "a b" can\'t be used']],
    [
      'one name twice',
      'accounts:\n  - {name: a, access-token-env: A}\n  - {name: a, access-token-env: B}',
      ['3 there are two accounts "a"'],
    ],
    ['no token', 'accounts: [{name: a}]', ['1 account a does not say where its access token comes from']],
    [
      'two tokens',
      'accounts: [{name: a, access-token-env: A, access-token-file: f}]',
      ['1 account a has two access tokens'],
    ],
    ['an unknown key', 'accounts: [{name: a, access-token-env: A, stat: f}]', ['1 unknown setting "stat"']],
    [
      'a bad value',
      'accounts: [{name: a, access-token-env: A, prune: 3}]',
      ['1 prune: "3" (from settings.yaml:1) can\'t be used'],
    ],
    [
      'what is the process’s',
      'accounts: [{name: a, access-token-env: A, log-level: info}]',
      ['1 unknown setting "log-level"'],
    ],
  ])('are refused with %s', (_title, file, expected) => {
    expect(complaints(file)).toEqual(expected);
  });

  it('never quote what stands where the name of a variable should: it may be the token', () => {
    const text = complaints('accounts: [{name: a, access-token-env: secret-token-123}]').join();
    expect(text).toContain('is not the name of an environment variable');
    expect(text).not.toContain('secret-token-123');
  });

  it('tell a variable that can’t be used once, not for each', () => {
    expect(complaints(TWO, { environment: { COPERNICA_WEBHOOKS_TIMEOUT: 'soon' } })).toHaveLength(1);
  });

  it.each([
    [
      'their page',
      'docs/accounts.md',
      (text: string) => /# config\/settings\.yaml\n(accounts:\n[\s\S]*?)```/.exec(text)?.[1],
    ],
    [
      'the settings file of the project',
      'config/settings.yaml',
      (text: string) => /^# (accounts:\n[\s\S]*)$/m.exec(text)?.[1]?.replace(/^# /gm, ''),
    ],
  ])('can be written as %s shows them', (_title, path, sample) => {
    const text = sample(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
    expect(resolve(text ?? '')).toMatchObject({ accounts: [{ name: 'live' }, { name: 'test' }] });
  });
});

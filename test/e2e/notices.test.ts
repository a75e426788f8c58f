// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { type Running, Workplace } from '../helpers/cli.js';
import { readMetrics } from '../helpers/metrics-text.js';
import { atNight } from '../helpers/night.js';
import { closedPort } from '../helpers/raw-server.js';
import { openReceiver, type Receiver } from '../helpers/receiver.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://a.example/y', trigger: 'update' };
const AT_ONCE = ['--init', '--schedule', 'off', '--log-format', 'json', '--notify-after', '0'];
const WELL = /the account matches the manifest/;

async function openPlace(receiver: Receiver | null, ...faults: string[]) {
  const sandbox = await openSandbox({ faults });
  const place = await Workplace.open(sandbox);
  if (receiver !== null) place.environment.COPERNICA_WEBHOOKS_NOTIFY = receiver.url;
  await place.manifest([A, B]);
  return { sandbox, place };
}

async function stop(daemon: Running) {
  daemon.kill('SIGTERM');
  return daemon.finished;
}

/** Resolves when the account has exactly so many webhooks. */
function live(sandbox: Sandbox, count: number): Promise<void> {
  return sandbox.until((model) => model.webhooks().length === count);
}

const codes = (notices: Receiver['notices']) =>
  notices.map(({ status, reasons }) => `${status}: ${reasons.map(({ code }) => code).join(' ')}`);

describe('notices', () => {
  it('tell of a failed run once, and once when all is well again, to whom the file says', async () => {
    const receiver = await openReceiver();
    const { place } = await openPlace(null, 'create:before:401*2');
    // As Docker and Kubernetes secrets are.
    await place.write('notify', `${receiver.url}\n`);
    place.environment.COPERNICA_WEBHOOKS_NOTIFY_FILE = 'notify';
    const daemon = place.begin('run', '--concurrency', '1', ...AT_ONCE);
    const [problem, well] = await receiver.received(2);
    expect(problem).toMatchObject({
      product: 'copernica-webhooks',
      account: null,
      status: 'problem',
      reasons: [{ code: 'webhooks-failed', names: ['a', 'b'], more: 0, remedy: expect.stringContaining('domain') }],
      text: expect.stringMatching(/^copernica-webhooks: problem: 2 webhooks are not as .* \[a, b\]\nWhat to do: check/),
    });
    expect(well).toMatchObject({
      status: 'well',
      reasons: [{ code: 'webhooks-failed' }],
      text: expect.stringMatching(/^copernica-webhooks: recovered after/),
    });
    const { code, stdout, stderr } = await stop(daemon);
    expect([code, stderr, receiver.notices.length]).toEqual([0, '', 2]);
    expect(stdout).not.toContain(receiver.key);
    expect(receiver.headers).toMatchObject([
      { method: 'POST', 'content-type': 'application/json; charset=utf-8', 'user-agent': /^copernica-webhooks\/\d/ },
      {},
    ]);
  });

  atNight('tell of a broken manifest with its place, when it is mended, and of drift that was put back', async () => {
    const receiver = await openReceiver();
    const { sandbox, place } = await openPlace(receiver);
    const daemon = place.begin('run', ...AT_ONCE);
    await daemon.waitForOutput(WELL);
    await place.write(
      'webhooks.yaml',
      'webhooks:\n  - {name: a, handler: "https://u:p4ss@a.example/?k=s3cret", trigger: x}\n',
    );
    const [problem] = await receiver.received(1);
    expect(problem?.text).toMatch(/the last good one stays in force: webhooks\.yaml:2:\d+: /);
    expect(JSON.stringify(problem)).not.toMatch(/p4ss|s3cret/);
    await place.manifest([A, B]);
    expect(codes(await receiver.received(2))).toEqual(['problem: manifest-broken', 'well: manifest-broken']);
    const [webhook] = sandbox.model.webhooks();
    sandbox.model.removeByHand(webhook?.id ?? 0, Date.now());
    daemon.kill('SIGHUP');
    const [, , note] = await receiver.received(3);
    expect(note).toMatchObject({
      status: 'note',
      reasons: [{ code: 'drift', names: [expect.stringMatching(/^[ab]$/)] }],
    });
    await live(sandbox, 2);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    expect(receiver.notices).toHaveLength(3);
  });

  atNight('are counted, and a receiver that fails is told once and tried again', async () => {
    const receiver = await openReceiver({
      answer: (response, count) => response.writeHead(count < 2 ? 503 : 200).end('x'.repeat(1_000_000)),
    });
    const { place } = await openPlace(receiver);
    await place.write('webhooks.yaml', 'webhooks: [');
    const { daemon, get } = await startWithStatus(place, ...AT_ONCE);
    const output = await daemon.waitForOutput(/notices are delivered again/);
    expect(output.match(/notices can’t be delivered/g)).toHaveLength(1);
    expect(output).toContain('"reason":"the answer was 503"');
    const { samples } = readMetrics((await get('/metrics')).body);
    const delivered = samples.find(
      ({ name, labels }) => name.endsWith('notices_total') && labels.includes('result="delivered"'),
    );
    expect(delivered?.value).toBe(1);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  atNight('delay neither runs nor the end where the receiver hangs', async () => {
    const receiver = await openReceiver({ answer: () => {} });
    const { sandbox, place } = await openPlace(receiver);
    await place.write('webhooks.yaml', 'webhooks: [');
    const daemon = place.begin('run', ...AT_ONCE);
    await receiver.received(1);
    await place.manifest([A]);
    await live(sandbox, 1);
    await place.manifest([A, B]);
    await live(sandbox, 2);
    const { code, signal, stdout } = await stop(daemon);
    expect([code, signal]).toEqual([0, null]);
    expect(stdout).toMatch(/"ended"[\s\S]*a notice was not delivered, because the program ended/);
    expect(receiver.notices).toHaveLength(1);
  });
});

describe('where notices go', () => {
  it('is in no output, whatever the receiver answers and whatever is logged', async () => {
    const receiver: Receiver = await openReceiver({
      answer: (response) => response.writeHead(404, { location: receiver.url }).end(receiver.url),
    });
    const { place } = await openPlace(receiver, `create:before:400`);
    // A webhook of the account goes to the same place: its handler is shown, but not with the key.
    await place.manifest([A, { ...B, handler: `https://hooks.example/services/${receiver.key}` }]);
    const { daemon, get } = await startWithStatus(place, '--log-level', 'trace', ...AT_ONCE);
    const output = await daemon.waitForOutput(/the answer was 404/);
    expect(output).toContain(`"to":"${new URL(receiver.url).host}"`);
    for (const path of ['/', '/status.json', '/metrics', '/readyz'])
      expect((await get(path)).body).not.toContain(receiver.key);
    const { stdout, stderr } = await stop(daemon);
    expect(stdout + stderr).not.toContain(receiver.key);
    expect(receiver.notices.map(({ text }) => text).join()).not.toContain(receiver.key);
    for (const command of [['validate'], ['plan'], ['list'], ['validate', '--file', receiver.url]]) {
      const said = await place.run(...command);
      expect(said.stdout + said.stderr).not.toContain(receiver.key);
    }
  });

  it.each([
    ['plain http to elsewhere', 'http://hooks.example/services/T0/key-of-a-channel'],
    ['user info', 'https://user:key-of-a-channel@hooks.example/'],
    ['no URL', 'key-of-a-channel'],
  ])('is refused before anything is done, and not quoted, when it is %s', async (_what, value) => {
    const { sandbox, place } = await openPlace(null);
    place.environment.COPERNICA_WEBHOOKS_NOTIFY = value;
    const fromVariable = await place.run('run', '--init');
    expect([fromVariable.code, fromVariable.stderr]).toEqual([
      3,
      expect.stringMatching(/notify: the value \(from environment variable COPERNICA_WEBHOOKS_NOTIFY\) can't be used/),
    ]);
    place.environment.COPERNICA_WEBHOOKS_NOTIFY = '';
    place.environment.COPERNICA_WEBHOOKS_NOTIFY_FILE = 'notify';
    await place.write('notify', `${value}\n`);
    const fromFile = await place.run('run', '--init');
    expect([fromFile.code, fromFile.stderr]).toEqual([
      3,
      expect.stringContaining('notify file notify does not contain'),
    ]);
    for (const { stdout, stderr } of [fromVariable, fromFile])
      expect(stdout + stderr).not.toContain('key-of-a-channel');
    expect(sandbox.requests()).toEqual([]);
  });

  it.each([
    [
      'the variable',
      { COPERNICA_WEBHOOKS_NOTIFY: 'URL' },
      '${COPERNICA_WEBHOOKS_NOTIFY}',
      /only variables whose names begin with WEBHOOKS_/,
    ],
    [
      'the variable that names its file',
      { COPERNICA_WEBHOOKS_NOTIFY_FILE: 'notify' },
      'https://a.example/${COPERNICA_WEBHOOKS_NOTIFY_FILE}',
      /only variables whose names begin with WEBHOOKS_/,
    ],
    [
      'a copy of it under another name',
      { COPERNICA_WEBHOOKS_NOTIFY: 'URL', WEBHOOKS_HARMLESS: 'URL' },
      '${WEBHOOKS_HARMLESS}',
      /the value of WEBHOOKS_HARMLESS holds a credential/,
    ],
    [
      'a copy of what is in the file',
      { COPERNICA_WEBHOOKS_NOTIFY_FILE: 'notify', WEBHOOKS_HARMLESS: 'URL' },
      '${WEBHOOKS_HARMLESS}',
      /the value of WEBHOOKS_HARMLESS holds a credential/,
    ],
    [
      'a copy of its key alone',
      { COPERNICA_WEBHOOKS_NOTIFY: 'URL', WEBHOOKS_HARMLESS: 'KEY' },
      'https://a.example/${WEBHOOKS_HARMLESS}',
      /the value of WEBHOOKS_HARMLESS holds a credential/,
    ],
  ])('can’t be filled in by a manifest: %s', async (_what, variables, handler, message) => {
    const place = await Workplace.open();
    const key = 'k3yOfAChannelThatNobodyMaySee';
    const url = `https://hooks.example/services/T0/B0/${key}`;
    await place.write('notify', url);
    for (const [name, value] of Object.entries(variables)) {
      place.environment[name] = value.replace('URL', url).replace('KEY', key);
    }
    await place.manifest([{ ...A, handler }]);
    const { code, stdout, stderr } = await place.run('validate');
    expect([code, stderr]).toEqual([3, expect.stringMatching(message)]);
    expect(stdout + stderr).not.toContain(key);
  });
});

describe('notices of several accounts', () => {
  atNight('go where each says, with its name; of one that can’t begin, too', async () => {
    const [live_, test] = [await openReceiver(), await openReceiver()];
    const sandbox = await openSandbox({ faults: ['create:before:401'] });
    const place = await Workplace.open(sandbox);
    Object.assign(place.environment, {
      LIVE: sandbox.token,
      COPERNICA_WEBHOOKS_NOTIFY: `http://127.0.0.1:${await closedPort()}`,
    });
    await place.manifest([A]);
    await place.write('notify', test.url);
    await place.write(
      'config.yaml',
      [
        'accounts:',
        `  - {name: live, access-token-env: LIVE, state: live.jsonl, notify: "${live_.url}"}`,
        '  - {name: test, access-token-file: missing, state: test.jsonl, notify-file: notify}',
        '  - {name: quiet, access-token-file: missing, state: quiet.jsonl, file: other.yaml, notify: off}',
      ].join('\n'),
    );
    const daemon = place.begin('run', '--config', 'config.yaml', ...AT_ONCE);
    expect(codes(await live_.received(2))).toEqual(['problem: webhooks-failed', 'well: webhooks-failed']);
    const [notBegun] = await test.received(1);
    expect(notBegun).toMatchObject({ account: 'test', status: 'problem', reasons: [{ code: 'not-begun' }] });
    expect(notBegun?.text).toMatch(/^copernica-webhooks \(test\): problem: this account is not managed/);
    expect(live_.notices.map(({ account }) => account)).toEqual(['live', 'live']);
    const { stdout } = await stop(daemon);
    expect(stdout.match(/notices are on/g)).toHaveLength(2);
    expect(stdout).not.toContain(test.key);
    expect([live_.notices.length, test.notices.length]).toEqual([2, 1]);
  });
});

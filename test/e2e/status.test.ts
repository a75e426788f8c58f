// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { readMetrics } from '../helpers/metrics-text.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://a.example/y', trigger: 'update', database: 1017 };
const EVERYWHERE = ['/', '/healthz', '/readyz', '/metrics', '/status.json'];

async function openPlace(...faults: string[]) {
  const sandbox = await openSandbox({ faults });
  const place = await Workplace.open(sandbox);
  await place.manifest([A, B]);
  return { sandbox, place };
}

/** A port that somebody else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('the status server', () => {
  it('tells page, health, metrics and JSON of a daemon that is well, and runs and loads nothing', async () => {
    const { sandbox, place } = await openPlace();
    Object.assign(place.environment, { WEBHOOKS_PASSWORD: 'pass1234', WEBHOOKS_KEY: 's3cret' });
    const handler = 'https://user:${WEBHOOKS_PASSWORD}@a.example/x?key=${WEBHOOKS_KEY}';
    await place.manifest([{ ...A, handler }, B]);
    const { get, until, daemon } = await startWithStatus(place, '--init');
    const now = await until(({ ready }) => ready);
    expect(now.accounts).toMatchObject([
      {
        health: { kind: 'ok' },
        counts: { desired: 2, managed: 2, failed: 0, uncertain: 0 },
        webhooks: [
          { name: 'a', status: 'created', id: expect.any(Number) },
          { name: 'b', database: 1017 },
        ],
      },
    ]);
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'alive\n' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    const { headers, body: page } = await get('/');
    expect(page).toContain('<h1>Everything is as the file says');
    expect(page).toMatch(/<th scope="row">b<\/th>/);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(page).not.toMatch(/<script|javascript:|\son[a-z]+=|src="http|url\(/i);
    for (const path of EVERYWHERE) {
      const { body } = await get(path);
      expect(body).not.toMatch(/pass1234|s3cret/);
      expect(body).not.toContain(sandbox.token);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      expect(await get('/', { method })).toMatchObject({ status: 405 });
    }
    expect(await get('/../../etc/passwd')).toMatchObject({ status: 404 });
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    daemon.kill('SIGTERM');
    const { code, stdout } = await daemon.finished;
    expect(code).toBe(0);
    // They are off by default.
    expect(stdout).not.toContain('notices');
  });

  it('has metrics as Prometheus wants them', async () => {
    const { place } = await openPlace('create:before:401');
    // At a quarter of an hour the usual schedule would be due in place of the retry.
    const { get, until } = await startWithStatus(place, '--init', '--schedule', '0 0 1 1 *');
    await until(({ accounts }) => (accounts[0]?.counts.managed ?? 0) === 2);
    const { headers, body } = await get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const { samples, complaints } = readMetrics(body);
    expect(complaints).toEqual([]);
    const value = (name: string, ...labels: string[]) =>
      samples.find((sample) => sample.name === name && labels.every((label) => sample.labels.includes(label)))?.value;
    const prefixed = (name: string, ...labels: string[]) => value(`copernica_webhooks_${name}`, ...labels);
    expect(prefixed('desired')).toBe(2);
    expect(prefixed('managed')).toBe(2);
    expect(prefixed('uncertain')).toBe(0);
    expect(prefixed('runs_total', 'trigger="start"', 'result="partial"')).toBe(1);
    expect(prefixed('runs_total', 'trigger="retry"', 'result="ok"')).toBe(1);
    expect(prefixed('notices_total', 'result="delivered"')).toBe(0);
    expect(prefixed('requests_total', 'call="createWebhook"', 'outcome="refused"', 'result="error"')).toBe(1);
    expect(prefixed('requests_total', 'call="createWebhook"', 'outcome="made"', 'result="ok"')).toBe(2);
    expect(prefixed('request_duration_seconds_count', 'call="createWebhook"')).toBe(3);
    expect(prefixed('last_success_timestamp_seconds')).toBeGreaterThan(1_700_000_000);
    expect(prefixed('next_schedule_timestamp_seconds')).toBeGreaterThan(
      prefixed('last_success_timestamp_seconds') ?? 0,
    );
    expect(prefixed('config_last_reload_successful')).toBe(1);
    expect(prefixed('build_info', 'version="')).toBe(1);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('shows a broken manifest with its place, and stays ready with the last good one', async () => {
    const { place } = await openPlace();
    const { get, until } = await startWithStatus(place, '--init');
    await until(({ ready }) => ready);
    await place.write(
      'webhooks.yaml',
      'webhooks:\n  - {name: a, handler: "https://u:p@a.example/?key=s3cret", trigger: <b>}\n',
    );
    const broken = await until(({ accounts }) => accounts[0]?.manifest.valid === false);
    expect(broken).toMatchObject({ ready: true, accounts: [{ health: { kind: 'manifest-broken' } }] });
    const page = (await get('/')).body;
    expect(page).toContain('webhooks.yaml:2:');
    expect(page).toContain('&lt;b&gt;');
    for (const path of EVERYWHERE) expect((await get(path)).body).not.toMatch(/s3cret|u:p@/);
    expect(page).not.toContain('<b>');
    expect((await get('/healthz')).body).toContain('The manifest is broken');
    expect((await get('/metrics')).body).toContain('copernica_webhooks_config_last_reload_successful 0\n');
    await place.manifest([A]);
    await until(({ accounts }) => accounts[0]?.health.kind === 'ok');
    expect((await get('/metrics')).body).toContain('copernica_webhooks_config_last_reload_successful 1\n');
  });

  it('shows the commit in force, and no other, in JSON, page, metrics and log', async () => {
    const { place } = await openPlace();
    const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
    await mkdir(place.path('.git/refs/heads'), { recursive: true });
    await place.write('.git/HEAD', 'ref: refs/heads/main\n');
    await place.write('.git/refs/heads/main', `${first}\n`);
    const { get, until, daemon } = await startWithStatus(place, '--init');
    const infos = async () => {
      const { samples } = readMetrics((await get('/metrics')).body);
      return samples.filter(({ name }) => name === 'copernica_webhooks_manifest_info').map(({ labels }) => labels);
    };
    await until(({ ready, accounts }) => ready && accounts[0]?.manifest.commit === first);
    expect(await infos()).toEqual([`commit="${first}"`]);
    await place.write('.git/refs/heads/main', `${second}\n`);
    await place.manifest([A]);
    await daemon.waitForOutput(new RegExp(`"triggers":\\["manifest"\\],"commit":"${second}".*"reconciled`));
    await until(({ accounts }) => accounts[0]?.manifest.commit === second);
    expect(await infos()).toEqual([`commit="${second}"`]);
    expect((await get('/')).body).toContain(`title="${second}"`);
    await place.write('.git/HEAD', 'hello\n');
    daemon.kill('SIGHUP');
    await until(({ accounts }) => accounts[0]?.manifest.commit === null);
    expect(await infos()).toEqual(['']);
  });

  atNight('tells accounts apart, and is ready only when each is', async () => {
    const { place } = await openPlace();
    await place.write(
      'settings.yaml',
      'accounts:\n  - {name: live, access-token-env: COPERNICA_ACCESS_TOKEN, state: l.jsonl}\n  - {name: test, access-token-env: MISSING, state: t.jsonl}\n',
    );
    const { get, until } = await startWithStatus(place, '--init', '--config', 'settings.yaml');
    const now = await until(({ accounts }) => accounts[0]?.health.kind === 'ok' && accounts[1]?.runs.length === 1);
    expect(now.notReadyBecause).toEqual([expect.stringMatching(/^test: no run has finished yet: .*MISSING/)]);
    expect(await get('/healthz')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringMatching(/^not ready\ntest: no run/),
    });
    const { samples } = readMetrics((await get('/metrics')).body);
    expect(samples).toContainEqual({ name: 'copernica_webhooks_managed', labels: 'account="live"', value: 2 });
    expect((await get('/?account=live')).body).toContain('<h2');
  });

  it('on a port in use ends the daemon before it begins, and says what to do', async () => {
    const { sandbox, place } = await openPlace();
    const { code, stderr } = await place.run('run', '--init', '--listen', `127.0.0.1:${await takenPort()}`);
    expect([code, sandbox.account('34')]).toEqual([3, []]);
    expect(stderr).toMatch(/is in use by another program\n {2}help: .*--listen/);
  });
});

describe('healthcheck', () => {
  it('says whether the daemon lives or is ready, and needs nothing of the settings file but the address', async () => {
    const { place } = await openPlace();
    const { until, url, daemon } = await startWithStatus(place, '--init');
    await until(({ ready }) => ready);
    const address = new URL(url).host;
    const listen = ['--listen', address];
    expect(await place.run('healthcheck', ...listen)).toMatchObject({ code: 0, stdout: 'alive\n' });
    expect(await place.run('healthcheck', '--ready', ...listen)).toMatchObject({ code: 0, stdout: 'ready\n' });
    place.environment.COPERNICA_WEBHOOKS_LISTEN = '';
    for (const text of [
      `listen: "${address}"\nconcurrency: none\nno-such-setting: 1\n`,
      `timeout: [\nlisten: ${address} # where it is\n`,
      JSON.stringify({ listen: address, accounts: 1 }),
    ]) {
      await place.write('settings.yaml', text);
      expect(await place.run('healthcheck', '--config', 'settings.yaml')).toMatchObject({ code: 0, stdout: 'alive\n' });
    }
    place.environment.COPERNICA_WEBHOOKS_LISTEN = address;
    expect(await place.run('healthcheck', '--config', 'there-is-none.yaml')).toMatchObject({ code: 0 });
    daemon.kill('SIGTERM');
    await daemon.finished;
    const { code, stderr } = await place.run('healthcheck', ...listen);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no answer from')]);
  });

  it('can’t ask a server that is off', async () => {
    const place = await Workplace.open();
    expect(await place.run('healthcheck')).toMatchObject({ code: 3, stderr: expect.stringContaining('listen is off') });
  });
});

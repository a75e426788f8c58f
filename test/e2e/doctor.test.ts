import { mkdir, mkdtemp, readdir, readFile, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileStore } from '../../src/state/file/store.js';
import { Workplace } from '../helpers/cli.js';
import { openFront, openProxy } from '../helpers/front.js';
import { atNight } from '../helpers/night.js';
import { closedPort, json, startRawServer } from '../helpers/raw-server.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startTlsServer, TEST_AUTHORITY } from '../helpers/tls-server.js';
import { TEST_CERTIFICATE } from '../unit/copernica/certificate.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const STATE = 'webhooks.state.jsonl';

interface CheckRow {
  readonly check: string;
  readonly section: string;
  readonly subject: string | null;
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  readonly remedy: string | null;
}

interface DoctorDocument {
  readonly checks: readonly CheckRow[];
  readonly summary: Readonly<Record<CheckRow['status'], number>>;
  readonly errors: readonly { readonly code: string; readonly message: string; readonly line: number | null }[];
  readonly warnings: readonly { readonly code: string }[];
}

/** Runs `doctor --json`: its exit code, the document, and the row of a check. */
async function consult(place: Workplace, ...args: string[]) {
  const { code, stdout, stderr } = await place.run('doctor', '--json', ...args);
  return { code, stdout, stderr, ...documentIn(stdout) };
}

function documentIn(stdout: string) {
  const document = JSON.parse(stdout) as DoctorDocument;
  const find = (check: string, subject: string | null = null) => {
    const found = document.checks.find((row) => row.check === check && row.subject === subject);
    if (found === undefined) throw new Error(`no check ${check} in ${stdout}`);
    return found;
  };
  return { document, find };
}

/** Without handlers, which are a matter of their own. */
const consultWithout = (place: Workplace, ...args: string[]) => consult(place, '--no-handlers', ...args);

/** A place in which one webhook is applied to a sandbox. */
async function openApplied() {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  expect(await place.run('apply', '--init')).toMatchObject({ code: 0 });
  return { sandbox, place };
}

describe('doctor', () => {
  it('finds all well where all is, reads only, and leaves everything as it was', async () => {
    const { sandbox, place } = await openApplied();
    const before = await contentsOf(place);
    const requests = sandbox.requests().length;
    const { code, stdout, stderr } = await place.run('doctor', '--no-handlers');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\nAll is well: \d+ ok, 2 skipped\n$/);
    expect(stdout).toContain('ok       account: 34 Sandbox (Sandbox)\n');
    expect(stdout).toContain('ok       state-account: the same\n');
    expect(await contentsOf(place)).toEqual(before);
    const sent = sandbox.requests().slice(requests);
    expect(sent.map(({ method, path }) => [method, path])).toEqual([
      ['GET', '/'],
      ['GET', '/v3/identity'],
    ]);
  });

  it('gives one document, in the order of what rests on what', async () => {
    const { place } = await openApplied();
    const { code, document, stderr } = await consultWithout(place);
    expect([code, stderr, document.errors, document.warnings]).toEqual([0, '', [], []]);
    const sections = [...new Set(document.checks.map(({ section }) => section))];
    expect(sections).toEqual(['Settings', 'Manifest', 'State', 'API', 'Handlers']);
    expect(document.summary).toEqual({ ok: document.checks.length - 2, warning: 0, problem: 0, skipped: 2 });
  });

  it('skips all that settings are needed for, when they can’t be used', async () => {
    const place = await Workplace.open();
    await place.write('settings.yaml', 'concurrency: many\ntimeout: 5\n');
    const { code, document, find } = await consult(place, '--config', 'settings.yaml');
    expect([code, find('settings')]).toEqual([3, expect.objectContaining({ status: 'problem', message: '2 errors' })]);
    expect(document.errors.map(({ code: name, line }) => [name, line])).toEqual([
      ['bad-setting', 1],
      ['bad-setting', 2],
    ]);
    const others = document.checks.filter(({ check }) => check !== 'settings');
    expect(others.length).toBeGreaterThan(12);
    for (const { status, message } of others) {
      expect([status, message]).toEqual(['skipped', 'not checked, because of “settings” above']);
    }
    const { stdout } = await place.run('doctor', '--config', 'settings.yaml');
    expect(stdout).toContain('settings.yaml:1:14: concurrency: "many"');
    expect(stdout).toContain('  skipped  manifest: not checked, because of “settings” above\n');
  });

  it('tells a schedule that names no times', async () => {
    const { place } = await openApplied();
    const { code, find } = await consultWithout(place, '--schedule', '0 0 31 2 *');
    expect([code, find('settings').message]).toEqual([3, expect.stringContaining('schedule')]);
  });

  it('tells a variable that looks like a setting and is none', async () => {
    const { place } = await openApplied();
    place.environment.COPERNICA_WEBHOOKS_CONCURENCY = '8';
    // As Kubernetes makes it for a Service of the name copernica-webhooks.
    place.environment.COPERNICA_WEBHOOKS_SERVICE_HOST = '10.0.0.1';
    const { code, find } = await consultWithout(place);
    expect([code, find('environment')]).toMatchObject([
      0,
      {
        status: 'warning',
        message: 'COPERNICA_WEBHOOKS_CONCURENCY is no setting and not read',
        remedy: 'did you mean COPERNICA_WEBHOOKS_CONCURRENCY?',
      },
    ]);
  });

  atNight('is not switched by the variable that would switch the verification of certificates off', async () => {
    const { sandbox, place } = await openApplied();
    const front = await openFront(sandbox, 'https');
    place.environment.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    const { code, find } = await consultWithout(place, '--api-url', front.url);
    expect([code, find('api-reach').status, front.headers]).toEqual([1, 'problem', []]);
  });

  it('is as good for a manifest with errors, each at its place', async () => {
    const { place } = await openApplied();
    await place.manifest([A, A, { ...A, name: 'b', trigger: 'craete' }]);
    const { code, document, find } = await consult(place);
    expect([code, find('manifest').message]).toEqual([3, 'webhooks.yaml has 2 errors']);
    expect(document.errors.map(({ line }) => line).sort()).toEqual([3, 4]);
    expect(find('handler')).toMatchObject({ status: 'skipped', message: 'not checked, because of “manifest” above' });
    expect(find('account').status).toBe('ok');
  });

  it('says of a valid manifest what validate says', async () => {
    const { place } = await openApplied();
    for (const handler of ['https://a.example/x', 'http://a.example/x']) {
      await place.manifest([{ ...A, handler }]);
      const { find } = await consultWithout(place);
      expect(`${find('manifest').message}\n`).toBe((await place.run('validate')).stdout);
    }
  });

  it('needs no account for the sandbox', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    const { code, find } = await consultWithout(place, '--sandbox');
    expect(code).toBe(0);
    for (const check of ['token', 'state-folder', 'state-file', 'api-reach', 'account', 'state-account']) {
      expect(find(check)).toMatchObject({ status: 'skipped', message: expect.stringContaining('the sandbox has') });
    }
  });
});

/** Every file of a folder with what is in it. */
async function contentsOf(place: Workplace) {
  const names = (await readdir(place.folder)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(place.path(name), 'utf8')]));
}

describe('doctor, of the token,', () => {
  it('goes on without one as far as that goes', async () => {
    const { place } = await openApplied();
    place.environment.COPERNICA_ACCESS_TOKEN = '';
    const { code, find, document } = await consultWithout(place);
    expect([code, find('token')]).toMatchObject([3, { status: 'problem', message: 'no access token' }]);
    expect(find('api-reach').status).toBe('ok');
    expect(find('account')).toMatchObject({
      status: 'skipped',
      message: 'not checked, because of “token” above',
    });
    expect(document.errors.map(({ code: name }) => name)).toEqual(['token-missing']);
  });

  it.each([
    ['is empty', async (file: string) => writeFile(file, '\n'), 'is empty'],
    ['is missing', async () => undefined, 'does not exist'],
    ['is a folder', async (file: string) => mkdir(file), 'is not a file'],
    ['holds two words', async (file: string) => writeFile(file, 'two words-of-it'), 'contains white space'],
  ])('tells a file that %s', async (_what, make, message) => {
    const { place } = await openApplied();
    delete place.environment.COPERNICA_ACCESS_TOKEN;
    place.environment.COPERNICA_ACCESS_TOKEN_FILE = place.path('token');
    await make(place.path('token'));
    const { code, find, stdout } = await consultWithout(place);
    expect([code, find('token')]).toMatchObject([3, { status: 'problem', message: expect.stringContaining(message) }]);
    expect(stdout).not.toContain('words-of-it');
  });

  it.each(['3', '4'])('tells one that version %s of the API refuses', async (version) => {
    const { sandbox, place } = await openApplied();
    Object.assign(place.environment, {
      COPERNICA_ACCESS_TOKEN: 'not-the-right-one',
      COPERNICA_API_VERSION: version,
      COPERNICA_AUTH_URL: sandbox.url,
    });
    const { code, find, document, stdout } = await consultWithout(place);
    expect([code, find('account')]).toMatchObject([
      3,
      {
        status: 'problem',
        message: expect.stringContaining('Invalid access token'),
        remedy: expect.stringContaining('check the access token'),
      },
    ]);
    expect(document.errors.map(({ code: name }) => name)).toEqual(['token-rejected']);
    expect(stdout).not.toContain('not-the-right-one');
  });

  it('trades it for version 4', async () => {
    const { sandbox, place } = await openApplied();
    Object.assign(place.environment, { COPERNICA_API_VERSION: '4', COPERNICA_AUTH_URL: sandbox.url });
    const { code, find } = await consultWithout(place);
    expect([code, find('account').status]).toEqual([0, 'ok']);
  });
});

describe('doctor, of the state,', () => {
  it('refuses that of another account, as every other command does', async () => {
    const { place } = await openApplied();
    const identity = { id: '35', name: 'Other\u001b[31m', description: '', company: 'Else' };
    const other = await openSandbox({ accounts: [{ token: 'token-of-another', identity }] });
    Object.assign(place.environment, { COPERNICA_API_URL: other.url, COPERNICA_ACCESS_TOKEN: other.token });
    const { code, find, document } = await consultWithout(place);
    expect([code, find('state-account')]).toMatchObject([
      4,
      { status: 'problem', message: 'the token belongs to account 35, but the state file belongs to account 34' },
    ]);
    expect(document.errors.map(({ code: name }) => name)).toEqual(['doctor-state-account']);
    const { stdout } = await place.run('doctor', '--no-handlers');
    expect(stdout).toContain('account: 35 Other');
    expect(stdout).not.toContain('\u001b');
  });

  it('tells a folder that is missing, and one that can’t be written', async () => {
    const { place } = await openApplied();
    const missing = await consultWithout(place, '--state', 'nowhere/state.jsonl');
    expect([missing.code, missing.find('state-folder')]).toMatchObject([
      1,
      { status: 'problem', message: 'the folder of nowhere/state.jsonl does not exist' },
    ]);
    expect(missing.find('state-locks').message).toBe('not checked, because of “state-folder” above');
    // Not even root makes a folder there.
    const readOnly = await consultWithout(place, '--state', '/sys/state.jsonl');
    expect([readOnly.code, readOnly.find('state-folder').status]).toEqual([1, 'problem']);
    expect(readOnly.find('state-folder').message).toMatch(/E(PERM|ACCES|ROFS)/);
  });

  const TMPFS_MAGIC = 0x01021994;
  it('warns of a disk in memory', async ({ skip }) => {
    const about = await statfs('/dev/shm').catch(() => null);
    if (about?.type !== TMPFS_MAGIC) skip();
    const { place } = await openApplied();
    const folder = await mkdtemp('/dev/shm/copernica-webhooks-test-');
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { code, find } = await consultWithout(place, '--state', join(folder, STATE));
    expect([code, find('state-disk').status, find('state-disk').message]).toEqual([
      0,
      'warning',
      'in memory (tmpfs): it is lost at a restart',
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells who holds its lock, and does not disturb them', async () => {
    const { place } = await openApplied();
    const holder = { pid: 77, host: 'somewhere', command: 'run', since: '2026-01-01T00:00:00.000Z' };
    const lock = await fileStore(place.path(STATE)).take({ timeoutMs: 0, holder });
    const { code, find } = await consultWithout(place);
    expect([code, find('state-holder').message]).toEqual([
      0,
      expect.stringContaining('held now by pid 77 on host somewhere (run) since 2026-01-01'),
    ]);
    await lock.release();
    expect((await consultWithout(place)).find('state-holder').message).toBe('held by nobody now');
  });

  it('refuses one that is damaged, and tells where', async () => {
    const { place } = await openApplied();
    await place.write(STATE, (await place.read(STATE)).replace('"34"', '"35"'));
    const { code, find } = await consultWithout(place);
    expect([code, find('state-file').status]).toEqual([4, 'problem']);
    expect(find('state-file').message).toContain('is damaged at byte 0');
    expect(find('state-account')).toMatchObject({ status: 'skipped' });
  });

  it('is found through a link', async () => {
    const { place } = await openApplied();
    await symlink(STATE, place.path('link.jsonl'));
    expect((await consultWithout(place, '--state', 'link.jsonl')).find('state-file').message).toContain('1 webhook');
  });
});

describe('doctor, of the API,', () => {
  it('tells a host that nothing listens on, and asks no further', async () => {
    const { place } = await openApplied();
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { code, find } = await consultWithout(place, '--api-url', url);
    expect([code, find('api-reach')]).toMatchObject([
      1,
      { status: 'problem', message: expect.stringContaining('connection refused by 127.0.0.1') },
    ]);
    expect(find('account').message).toBe('not checked, because of “api-reach” above');
  });

  it('tells a certificate that nobody signed, and takes it with --ca-file', async () => {
    const { sandbox, place } = await openApplied();
    const front = await openFront(sandbox, 'https');
    const refused = await consultWithout(place, '--api-url', front.url);
    expect([refused.code, refused.find('api-reach')]).toMatchObject([
      1,
      {
        message: expect.stringMatching(/^localhost:\d+: no TLS connection to .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/),
        remedy: expect.stringContaining('--ca-file'),
      },
    ]);
    expect(front.headers).toEqual([]);
    await place.write('ca.pem', TEST_CERTIFICATE);
    const trusted = await consultWithout(place, '--api-url', front.url, '--ca-file', 'ca.pem');
    expect([trusted.code, trusted.find('api-reach').status, trusted.find('ca-file').status]).toEqual([0, 'ok', 'ok']);
    await place.write('ca.pem', TEST_CERTIFICATE.slice(0, 200));
    const cut = await consultWithout(place, '--api-url', front.url, '--ca-file', 'ca.pem');
    expect([cut.code, cut.find('ca-file').status, cut.find('api-reach').status]).toEqual([3, 'problem', 'skipped']);
  });

  it('goes through the proxy, and shows no password of it', async () => {
    const { sandbox, place } = await openApplied();
    const front = await openFront(sandbox, 'https', 'api.example');
    const proxy = await openProxy();
    await place.write('ca.pem', TEST_CERTIFICATE);
    place.environment.HTTPS_PROXY = proxy.url.replace('//', '//me:proxy-password@');
    const args = ['--api-url', front.url, '--ca-file', 'ca.pem'];
    const { code, find, stdout } = await consultWithout(place, ...args);
    const host = new URL(proxy.url).host;
    expect([code, find('proxy').message]).toEqual([0, `the API is called through ${host}`]);
    expect(find('api-reach').status).toBe('ok');
    expect(find('account').status).toBe('ok');
    expect(stdout).not.toContain('proxy-password');
    expect(proxy.heads[0]).toContain(`Basic ${Buffer.from('me:proxy-password').toString('base64')}`);
    place.environment.NO_PROXY = 'api.example';
    const around = await consultWithout(place, ...args);
    expect(around.find('proxy').message).toMatch(/^there is one, and the API is called without it/);
  });

  it('tells a proxy that is not there, and an address that is none', async () => {
    const { place } = await openApplied();
    const port = await closedPort();
    place.environment.HTTPS_PROXY = `http://127.0.0.1:${port}`;
    const { code, find } = await consultWithout(place, '--api-url', 'https://api.invalid');
    expect([code, find('api-reach').message]).toEqual([1, `api.invalid: connection refused by 127.0.0.1:${port}`]);
    place.environment.HTTPS_PROXY = 'socks5://me:proxy-password@localhost';
    const odd = await consultWithout(place);
    expect([odd.code, odd.find('proxy').status, odd.find('api-reach').status]).toEqual([3, 'problem', 'skipped']);
    expect(odd.stdout).not.toContain('proxy-password');
  });

  it('tells what answers, and is not Copernica', async () => {
    const { place } = await openApplied();
    const server = await startRawServer((socket) => socket.end(json({ hello: 'there' })));
    const { code, find } = await consultWithout(place, '--api-url', server.url);
    expect([code, find('account').status]).toEqual([1, 'problem']);
  });

  it('tells a clock that is wrong', async () => {
    const { place } = await openApplied();
    const server = await startRawServer((socket) =>
      socket.end(
        json({ id: '34', name: 'Odd' }).replace(
          '\r\n',
          `\r\nDate: ${new Date(0).toUTCString()}\r\nConnection: close\r\n`,
        ),
      ),
    );
    const { code, find } = await consultWithout(place, '--api-url', server.url);
    expect([code, find('clock')]).toMatchObject([
      0,
      { status: 'warning', message: expect.stringContaining('s ahead of the server’s') },
    ]);
  });
});

describe('doctor, of deliveries,', () => {
  /** As `openApplied`, with version 4 of the API. */
  async function openV4() {
    const { sandbox, place } = await openApplied();
    Object.assign(place.environment, { COPERNICA_API_VERSION: '4', COPERNICA_AUTH_URL: sandbox.url });
    return { sandbox, place };
  }
  const HOUR_MS = 60 * 60_000;
  const today = () => new Date().toISOString().slice(0, 10);

  it('tells how many failed today, and what handlers answered, the most frequent first', async () => {
    const { sandbox, place } = await openV4();
    expect((await consultWithout(place)).find('deliveries')).toMatchObject({
      status: 'ok',
      message: `none is logged as failed on ${today()}`,
    });
    for (const response of [503, 404, 404, 0]) sandbox.model.failDelivery(response, Date.now());
    sandbox.model.failDelivery(410, Date.now() - 48 * HOUR_MS);
    const { code, find, document } = await consultWithout(place);
    expect([code, find('deliveries')]).toMatchObject([
      0,
      {
        status: 'warning',
        message: expect.stringMatching(
          /^4 failed on [\d-]{10}: 2 with 404, 1 with 503, 1 without a status; the last at [\d-]{10} [\d:]{8}$/,
        ),
        remedy: expect.stringContaining('handler'),
      },
    ]);
    expect(document.warnings.map(({ code: name }) => name)).toEqual(['doctor-deliveries']);
  });

  it('is skipped on version 3, and where the account does not answer the call, and fails nothing', async () => {
    const { place } = await openApplied();
    const on3 = await consultWithout(place);
    expect([on3.code, on3.find('deliveries').message]).toEqual([
      0,
      'not checked: what failed is read with version 4 of the API (--api-version 4)',
    ]);
    const { sandbox, place: other } = await openV4();
    sandbox.orderFault('logfiles:before:400');
    const { code, find } = await consultWithout(other);
    expect([code, find('deliveries')]).toMatchObject([
      0,
      { status: 'skipped', message: 'not checked: Copernica answered 400: Refused with status 400' },
    ]);
  });
});

describe('doctor, of handlers,', () => {
  /** A manifest of handlers. */
  async function placeOf(handlers: readonly string[]) {
    const { place } = await openApplied();
    await place.manifest(handlers.map((handler, index) => ({ ...A, name: `w${index}`, handler })));
    return place;
  }

  // In a process of its own: Node reads what it trusts when it starts.
  it('shakes hands once with each host, sends nothing more, and tells certificates that are not valid', async () => {
    const server = await startTlsServer('good');
    const expired = await startTlsServer('expired');
    const another = await startTlsServer('of another host');
    const base = `https://localhost:${server.port}`;
    const others = [expired, another].map(({ port }) => `https://localhost:${port}/x`);
    const place = await placeOf([`${base}/a?token=s3cret`, `${base}/b`, `${base}/c`, ...others]);
    await place.write('authority.pem', TEST_AUTHORITY);
    place.environment.NODE_EXTRA_CA_CERTS = place.path('authority.pem');
    const { code, stdout } = await place.run('doctor', '--json');
    const { find, document } = documentIn(stdout);
    const { status, message, remedy } = find('handler', `localhost:${server.port}`);
    // Well, but for being on this machine.
    expect([code, status]).toEqual([1, 'warning']);
    expect(message).toMatch(
      /^Copernica can’t reach .*127\.0\.0\.1.* \(3 webhooks; .*, TLSv1\.3, certificate until 2120-01-01, \d+ ms\)$/,
    );
    expect(remedy).toContain('public on the internet');
    expect(document.checks.filter(({ check }) => check === 'handler')).toHaveLength(3);
    await server.hungUp;
    expect([server.handshakes, server.complaints, server.received]).toEqual([1, 0, '']);
    expect(stdout).not.toContain('s3cret');
    expect([expired, another].map(({ port }) => find('handler', `localhost:${port}`).message)).toEqual([
      'its certificate is not valid: certificate has expired (CERT_HAS_EXPIRED)',
      expect.stringMatching(/^its certificate is not valid: .*DNS:other\.example.* \(ERR_TLS_CERT_ALTNAME_INVALID\)$/),
    ]);
  });

  it('tells a certificate of an authority that nobody knows, one of --ca-file too', async () => {
    const server = await startTlsServer('good');
    const place = await placeOf([`https://localhost:${server.port}/x`]);
    await place.write('ca.pem', TEST_AUTHORITY);
    const { code, find } = await consult(place, '--ca-file', 'ca.pem');
    expect([code, find('handler', `localhost:${server.port}`)]).toMatchObject([
      1,
      { status: 'problem', message: expect.stringContaining('its certificate is not valid') },
    ]);
  });

  it('tells a closed port, and plain http', async () => {
    const closed = await closedPort();
    const plain = await startRawServer((socket) => socket.end(json({})));
    const place = await placeOf([`https://localhost:${closed}/y`, `http://localhost:${plain.port}/x`]);
    const { code, find } = await consult(place);
    expect(code).toBe(1);
    expect(find('handler', `localhost:${closed}`)).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/^connection refused by (127\.0\.0\.1|\[::1\]):\d+$/),
    });
    expect(find('handler', `localhost:${plain.port}`)).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^http: events with personal data in them are sent unencrypted; Copernica can’t/),
    });
    expect(plain.requests).toEqual([]);
  });

  it('says behind a proxy that they could not be checked, and nothing worse', async () => {
    const server = await startTlsServer('expired');
    const closed = await closedPort();
    const proxy = await openProxy();
    const place = await placeOf([`https://localhost:${closed}/x`, `https://localhost:${server.port}/y`]);
    place.environment.HTTPS_PROXY = proxy.url;
    const { code, document } = await consult(place);
    const rows = document.checks.filter(({ check }) => check === 'handler');
    expect([code, rows.map(({ status }) => status)]).toEqual([0, ['warning', 'warning']]);
    for (const { message } of rows) expect(message).toMatch(/^could not be checked from here, behind a proxy: /);
    expect(proxy.heads).toEqual([]);
  });
});

describe('doctor, of several accounts,', () => {
  it('checks each by itself, and shared hosts once', async () => {
    const accountOf = (token: string, id: string) => ({
      token,
      identity: { id, name: `Account ${id}`, description: '', company: 'Test' },
    });
    const sandbox = await openSandbox({
      accounts: [accountOf('token-of-live', '34'), accountOf('token-of-test', '35')],
    });
    const server = await startTlsServer('good');
    const place = await Workplace.open();
    Object.assign(place.environment, { COPERNICA_API_URL: sandbox.url, LIVE_TOKEN: 'token-of-live' });
    await place.write('authority.pem', TEST_AUTHORITY);
    place.environment.NODE_EXTRA_CA_CERTS = place.path('authority.pem');
    await place.manifest([{ ...A, handler: `https://localhost:${server.port}/x` }]);
    await place.write(
      'settings.yaml',
      'accounts:\n  - {name: live, access-token-env: LIVE_TOKEN, state: a.jsonl}\n  - {name: test, access-token-env: TEST_TOKEN, state: b.jsonl}\n',
    );
    const { code, stdout } = await place.run('doctor', '--json', '--config', 'settings.yaml');
    const document = JSON.parse(stdout) as {
      accounts: (DoctorDocument & { account: string })[];
      errors: { code: string; account: string }[];
    };
    expect(code).toBe(3);
    expect(document.accounts.map(({ account }) => account)).toEqual(['live', 'test']);
    const account = (index: number) => document.accounts[index]?.checks.find(({ check }) => check === 'account');
    expect([account(0)?.message, account(1)?.status]).toEqual(['34 Account 34 (Test)', 'skipped']);
    expect(document.errors.filter(({ code: name }) => name === 'token-missing')).toMatchObject([{ account: 'test' }]);
    await server.hungUp;
    expect([server.handshakes, server.complaints]).toEqual([1, 0]);
    const text = await place.run('doctor', '--config', 'settings.yaml', '--no-handlers', '--account', 'live');
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining('account: 34 Account 34 (Test)')]);
  });
});

import { readdir, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import { type Finished, Workplace } from '../helpers/cli.js';
import { openFront, openProxy } from '../helpers/front.js';
import { atNight, byDay } from '../helpers/night.js';
import { LOAD_BALANCER_PAGE } from '../helpers/raw-server.js';
import { openSandbox } from '../helpers/sandbox.js';
import { TEST_CERTIFICATE } from '../unit/copernica/certificate.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://a.example/y', trigger: 'update' };

/** Three base64url parts of which the first is JSON. */
const JWT = /eyJ[\w-]{5,}\.[\w-]+\./;

const HTML = { 'Content-Type': 'text/html' };

async function open(faults: readonly (FaultOrder | string)[] = []) {
  const sandbox = await openSandbox({ faults });
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  return { sandbox, place };
}

/** All that a command wrote: to the terminal and into its folder. */
async function written(place: Workplace, ...finished: readonly Finished[]): Promise<string> {
  const parts = finished.flatMap(({ stdout, stderr }) => [stdout, stderr]);
  for (const name of await readdir(place.folder, { recursive: true })) {
    if ((await stat(place.path(name))).isFile()) parts.push(await place.read(name));
  }
  return parts.join('\n');
}

function calls(sandbox: { requests(): readonly { call: string }[] }, call: string): number {
  return sandbox.requests().filter((request) => request.call === call).length;
}

describe('odd answers that are successes', () => {
  it('a 303 with the token in its Location is an update done; it is neither followed nor shown', async () => {
    const { sandbox, place } = await open();
    const made = await place.run('apply', '--init', '--log-level', 'trace');
    await place.manifest([{ ...A, trigger: 'update' }]);
    const before = sandbox.requests().length;
    const updated = await place.run('apply', '--log-level', 'trace');
    expect([updated.code, updated.stdout]).toEqual([0, expect.stringContaining('updated')]);
    expect(sandbox.account()).toMatchObject([{ id: 1894, trigger: 'update' }]);
    const after = sandbox.requests().slice(before);
    // Were the redirect followed, a GET would come after it.
    expect(after.findIndex(({ method }) => method === 'PUT')).toBe(after.length - 1);
    expect(await written(place, made, updated)).not.toContain(sandbox.token);
  });

  it('ids, databases and collections as strings are the same as numbers', async () => {
    const sandbox = await openSandbox({ quirks: { limits: 'string' } });
    const place = await Workplace.open(sandbox);
    await place.manifest([{ ...A, database: 1017, collection: 42 }]);
    expect((await place.run('apply', '--init')).code).toBe(0);
    const again = await place.json('plan', '--detailed-exitcode');
    expect(again).toMatchObject({ code: 0, document: { changes: [{ action: 'none', id: 1894 }] } });
  });

  it('a removed webhook answers 200 with its date and empty fields, and is made again', async () => {
    const { sandbox, place } = await open();
    await place.manifest([A, B]);
    await place.run('apply', '--init');
    sandbox.model.removeByHand(1894, Date.now());
    const { code, document } = await place.json('apply');
    expect([code, document.changes.map(({ action, id }) => [action, id])]).toEqual([
      0,
      [
        ['create', 1896],
        ['none', 1895],
      ],
    ]);
    expect(sandbox.account().map(({ id }) => id)).toEqual([1895, 1896]);
  });

  it('a second DELETE is refused as removed already, which is as good', async () => {
    const { sandbox, place } = await open();
    await place.manifest([A, B]);
    await place.run('apply', '--init');
    await place.manifest([A]);
    sandbox.model.removeByHand(1895, Date.now());
    const { code } = await place.run('apply', '--prune', '--no-refresh', '--force');
    expect([code, sandbox.account().map(({ id }) => id)]).toEqual([0, [1894]]);
    expect((await place.json('list')).document.length).toBe(1);
  });

  it.each([
    ['text/plain', 'text/plain'],
    ['no content type at all', ''],
    ['text/html around good JSON', 'text/html'],
  ])('JSON that says it is %s is read for what it is or refused, and never makes a second webhook', async (_, type) => {
    const identity = { id: '34', name: 'Sandbox', description: '', company: 'x' };
    const reply = { kind: 'answer', status: 200, headers: { 'Content-Type': type }, body: JSON.stringify(identity) };
    const { sandbox, place } = await open([{ on: 'identity', times: 'always', reply } as FaultOrder]);
    const { code, stdout, stderr } = await place.run('apply', '--init');
    if (code !== 0) expect(stdout + stderr).toMatch(/answered 200, but/);
    expect(sandbox.account()).toHaveLength(code === 0 ? 1 : 0);
  });
});

describe('an answer of the load balancer', () => {
  it.each(byDay(1, [429, 502, 503, 504]))(
    '%d in HTML on a read is waited out, and its page is not shown',
    async (status) => {
      const { sandbox, place } = await open([{ on: 'identity', reply: { kind: 'answer', status } }]);
      const { code, stdout, stderr } = await place.run('apply', '--init');
      expect([code, sandbox.account().length]).toEqual([0, 1]);
      expect(stdout + stderr).not.toContain('<');
      expect(calls(sandbox, 'create')).toBe(1);
      expect(sandbox.requests()[0]).toMatchObject({ call: 'identity', fault: `identity:before:${status}` });
    },
  );

  it.each(byDay(1, [429, 503]))('%d on a create made nothing: it is sent again', async (status) => {
    const body = LOAD_BALANCER_PAGE;
    const { sandbox, place } = await open([
      { on: 'create', reply: { kind: 'answer', status, headers: { ...HTML, 'Retry-After': '0' }, body } },
    ]);
    const { code, stdout, stderr } = await place.run('apply', '--init');
    expect([code, sandbox.account().length, calls(sandbox, 'create')]).toEqual([0, 1, 2]);
    expect(stdout + stderr).not.toContain('<');
  });

  it.each(byDay(1, [502, 504]))(
    '%d on a create says nothing of it: it is looked for and found, and not sent again',
    async (status) => {
      const reply = { kind: 'answer', status, headers: HTML, body: LOAD_BALANCER_PAGE } as const;
      const { sandbox, place } = await open([{ on: 'create', nth: 2, when: 'after', reply }]);
      // The first one's id is the lower bound above which the second is looked for.
      await place.run('apply', '--init');
      await place.manifest([A, B]);
      const held = await place.run('apply', '--on-uncertain', 'hold', '--settle', '0');
      expect(held.stdout + held.stderr).not.toContain('<html');
      expect(calls(sandbox, 'create')).toBe(2);
      const found = await place.run('apply', '--settle', '0');
      expect([found.code, sandbox.account().length, calls(sandbox, 'create')]).toEqual([0, 2, 2]);
    },
  );
});

describe('an id near the end of the numbers', () => {
  const TOO_HIGH = '9007199254740991';

  it('is none: the create stays of unknown outcome, is looked for and found, and recovery ends', async () => {
    const reply = { kind: 'answer', status: 201, headers: { 'X-Created': TOO_HIGH } } as const;
    const { sandbox, place } = await open([{ on: 'create', nth: 2, when: 'after', reply }]);
    await place.run('apply', '--init');
    await place.manifest([A, B]);
    const first = await place.run('apply', '--on-uncertain', 'hold', '--settle', '0');
    expect(await written(place, first)).not.toMatch(new RegExp(`"id":${TOO_HIGH}`));
    sandbox.orderFault('create:after:504');
    await place.manifest([A, B, { ...A, name: 'c', trigger: 'delete' }]);
    await place.run('apply', '--on-uncertain', 'hold', '--settle', '0');
    const found = await place.run('apply', '--settle', '0');
    expect([found.code, sandbox.account().map(({ id }) => id)]).toEqual([0, [1894, 1895, 1896]]);
  });

  it('is no webhook’s, when it is read or listed', async () => {
    const sandbox = await openSandbox({ quirks: { list: 'envelope' } });
    const place = await Workplace.open(sandbox);
    await place.manifest([A]);
    await place.run('apply', '--init');
    const shown = { ...A, ID: TOO_HIGH, callers: ['ms'] };
    const answerOf = (value: unknown) => ({ kind: 'answer', status: 200, body: JSON.stringify(value) }) as const;
    sandbox.orderFault({ on: 'list', times: 'always', reply: answerOf({ count: 1, total: 1, data: [shown] }) });
    sandbox.orderFault({ on: 'read', times: 'always', reply: answerOf(shown) });
    const { code, stderr } = await place.run('apply');
    expect([code, stderr]).toEqual([1, expect.stringContaining('"ID" is too high an id')]);
    expect([sandbox.account().length, calls(sandbox, 'create')]).toEqual([1, 1]);
  });

  it.each([
    ['--from', '1', '--to', TOO_HIGH],
    ['--from', TOO_HIGH, '--to', TOO_HIGH],
    ['--from', '9007199253740990', '--to', '9007199253740992'],
  ])('is not looked at: discover %s %s %s %s', async (...range) => {
    const { sandbox, place } = await open();
    const { code, stderr } = await place.run('discover', ...range);
    expect([code, stderr]).toEqual([3, expect.stringContaining('an id is at most 9007199253740991')]);
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('an answer that speaks of success but holds none', () => {
  it('an empty 200 to a read is told as such, and is not taken for a removed webhook', async () => {
    const { sandbox, place } = await open();
    await place.run('apply', '--init');
    sandbox.orderFault({ on: 'read', times: 'always', reply: { kind: 'answer', status: 200, body: '' } });
    const { code, stdout, stderr } = await place.run('apply');
    expect([code, stdout]).toEqual([1, expect.stringContaining('1 unchanged, 1 could not be checked')]);
    expect(stderr).toContain('could not be checked (Copernica answered 200, but with an empty body)');
    expect([sandbox.account().length, calls(sandbox, 'create')]).toEqual([1, 1]);
  });

  it('an empty 200 to a create has no id: the webhook is looked for and found, not made twice', async () => {
    const reply = { kind: 'answer', status: 200, body: '' } as const;
    const { sandbox, place } = await open([{ on: 'create', nth: 2, when: 'after', reply }]);
    // Of which the id is known, so that it need not be looked for among all.
    await place.run('apply', '--init');
    await place.manifest([A, B]);
    await place.run('apply', '--on-uncertain', 'hold', '--settle', '0');
    const { code } = await place.run('apply', '--settle', '0');
    expect([code, sandbox.account().length, calls(sandbox, 'create')]).toEqual([0, 2, 2]);
  });

  it('a page of HTML with 200 to the question whose token it is lets nothing be sent', async () => {
    const reply = { kind: 'answer', status: 200, headers: HTML, body: '<html><title>Welcome</title></html>' } as const;
    const { sandbox, place } = await open([{ on: 'identity', times: 'always', reply }]);
    const { code, stdout, stderr } = await place.run('apply', '--init');
    expect([code, calls(sandbox, 'create')]).toEqual([1, 0]);
    expect(stderr).toContain('answered 200, but');
    expect(stdout + stderr).not.toContain('Welcome');
  });
});

describe('a refusal that is not Copernica’s', () => {
  const PAGE = '<html><title>Access denied</title></html>';
  const REFUSAL = '{"error":{"message":"No"}}';

  it.each(
    byDay(2, [
      ['an empty 401', { status: 401, body: '' }],
      ['a page with 403', { status: 403, headers: HTML, body: PAGE }],
      ['a page with 404', { status: 404, headers: HTML, body: PAGE }],
      ['a 400 that is encoded', { status: 400, headers: { 'Content-Encoding': 'gzip' }, body: REFUSAL }],
    ]),
  )('says nothing of a create: after %s it is looked for and found, and not sent again', async (_, answer) => {
    const reply = { kind: 'answer', ...answer } as FaultOrder['reply'];
    const { sandbox, place } = await open([{ on: 'create', nth: 2, when: 'after', reply } as FaultOrder]);
    await place.run('apply', '--init');
    await place.manifest([A, B]);
    const found = await place.run('apply', '--settle', '0');
    expect([found.code, sandbox.account().length, calls(sandbox, 'create')]).toEqual([0, 2, 2]);
    expect(found.stdout + found.stderr).not.toContain('<');
  });

  it('ends no deletion and no update', async () => {
    const { sandbox, place } = await open();
    await place.manifest([A, B]);
    await place.run('apply', '--init');
    const reply = { kind: 'answer', status: 404, headers: HTML, body: PAGE } as const;
    sandbox.orderFault({ on: 'delete', reply });
    sandbox.orderFault({ on: 'update', reply });
    await place.manifest([{ ...A, trigger: 'update' }]);
    const failed = await place.json('apply', '--prune', '--force');
    expect(failed).toMatchObject({ code: 1, document: { errors: [{ code: 'api-unknown' }, { code: 'api-unknown' }] } });
    expect((await place.run('apply', '--prune', '--force')).code).toBe(0);
    expect([sandbox.account(), calls(sandbox, 'create')]).toMatchObject([[{ id: 1894, trigger: 'update' }], 2]);
  });

  it.each([401, 403])('%d without a word to the question whose token it is leads to the token', async (status) => {
    const reply = { kind: 'answer', status, body: '' } as const;
    const { sandbox, place } = await open([{ on: 'identity', times: 'always', reply }]);
    const { code, stderr } = await place.run('apply', '--init');
    expect([code, calls(sandbox, 'create')]).toEqual([1, 0]);
    expect(stderr).toContain(`answered ${status}`);
    expect(stderr).toMatch(/help: check the access token.* --api-url/);
  });

  it('leads to the token where the authentication host refuses it without a word', async () => {
    const { sandbox, place } = await open([
      { on: 'token', times: 'always', reply: { kind: 'answer', status: 401, body: '' } },
    ]);
    Object.assign(place.environment, { COPERNICA_AUTH_URL: sandbox.url, COPERNICA_API_VERSION: '4' });
    const { code, stderr } = await place.run('apply', '--init');
    expect([code, stderr, calls(sandbox, 'token')]).toEqual([1, expect.stringContaining('check the access token'), 1]);
  });
});

describe('reads that are all refused', () => {
  async function discover(message: string) {
    const body = JSON.stringify({ error: { message } });
    const { place } = await open([{ on: 'read', times: 'always', reply: { kind: 'answer', status: 400, body } }]);
    return place.json('discover', '--from', '1894', '--to', '1900');
  }

  it.each(['Invalid access token', 'Invalid access token: No entity with supplied ID', 'No database with supplied ID'])(
    'with %j say nothing of the webhooks',
    async (message) => {
      const errors = [{ code: 'discover-incomplete', message: expect.stringContaining(message) }];
      expect(await discover(message)).toMatchObject({ code: 1, document: { errors } });
    },
  );

  it.each(['No entity with supplied ID', 'No webhook with given ID', 'This webhook has already been removed'])(
    'with %j say that there are none',
    async (message) => {
      expect(await discover(message)).toMatchObject({ code: 0, document: { webhooks: [], errors: [] } });
    },
  );
});

describe('a refusal', () => {
  it('names the manifest’s line where it is about an entry, and none where it is about the token', async () => {
    const body = JSON.stringify({ error: { message: 'Invalid data provided' } });
    const { sandbox, place } = await open([{ on: 'create', nth: 2, reply: { kind: 'answer', status: 400, body } }]);
    await place.manifest([A, B]);
    const entry = await place.run('apply', '--init', '--concurrency', '1');
    expect([entry.code, entry.stderr]).toEqual([
      1,
      expect.stringMatching(/webhooks\.yaml:3(:\d+)?: error: .*Invalid data/),
    ]);
    place.environment.COPERNICA_ACCESS_TOKEN = 'no-token-of-anybody';
    const token = await place.run('apply');
    expect([token.code, token.stderr]).toEqual([3, expect.stringContaining('Invalid access token')]);
    expect(token.stderr).not.toMatch(/webhooks\.yaml:\d/);
    expect(await written(place, entry, token)).not.toMatch(new RegExp(`${sandbox.token}|no-token-of-anybody`));
  });

  it.each([401, 403])('%d on a read is not drift: nothing is made, changed or forgotten', async (status) => {
    const { sandbox, place } = await open();
    await place.run('apply', '--init');
    sandbox.orderFault({ on: 'read', times: 'always', reply: { kind: 'answer', status, body: '' } });
    const { code, stdout, stderr } = await place.run('apply');
    expect(code).toBe(1);
    expect(stderr).toContain(`webhook 1894 could not be checked (answered ${status})`);
    expect(stdout).not.toContain(sandbox.token);
    expect(sandbox.requests().filter(({ method }) => method !== 'GET')).toHaveLength(1);
    expect((await place.json('list')).document.length).toBe(1);
  });

  it('that repeats the token in its words is shown without it', async () => {
    const { sandbox, place } = await open();
    const message = `token ${sandbox.token} at https://x/?access_token=${sandbox.token} is not for you`;
    const body = JSON.stringify({ error: { message } });
    sandbox.orderFault({ on: 'create', reply: { kind: 'answer', status: 400, body } });
    const finished = await place.run('apply', '--init', '--json', '--log-level', 'trace');
    expect([finished.code, finished.stdout]).toEqual([1, expect.stringContaining('is not for you')]);
    expect(await written(place, finished)).not.toContain(sandbox.token);
  });
});

describe('version 4', () => {
  it('trades the token for one JWT that all requests share, and writes it nowhere', async () => {
    const sandbox = await openSandbox();
    const front = await openFront(sandbox);
    const place = await Workplace.open(sandbox);
    Object.assign(place.environment, { COPERNICA_API_URL: front.url, COPERNICA_AUTH_URL: front.url });
    await place.manifest(
      Array.from({ length: 12 }, (_, n) => ({ ...A, name: `w${n}`, handler: `https://a.example/${n}` })),
    );
    const finished = await place.run('apply', '--init', '--api-version', '4', '--log-level', 'trace');
    expect([finished.code, sandbox.account().length, calls(sandbox, 'token')]).toEqual([0, 12, 1]);
    const [jwt = ''] = front.jwts;
    expect(jwt).toMatch(JWT);
    const [, ...called] = front.headers;
    expect(new Set(called.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${jwt}`]));
    expect(sandbox.requests().every(({ query }) => query === '')).toBe(true);
    const all = await written(place, finished);
    expect(all).not.toContain(sandbox.token);
    expect(all).not.toMatch(JWT);
  });

  atNight('renews a JWT that is refused once, for all requests that wait', async () => {
    const { sandbox, place } = await open();
    const env = { COPERNICA_AUTH_URL: sandbox.url, COPERNICA_API_VERSION: '4' };
    Object.assign(place.environment, env);
    const daemon = place.begin('run', '--init', '--schedule', 'off', '--log-level', 'trace', '--log-format', 'json');
    await daemon.waitForOutput(/reconciled/);
    sandbox.model.revokeJwts();
    await place.manifest(Array.from({ length: 9 }, (_, n) => (n === 0 ? A : { ...B, name: `w${n}`, database: n })));
    await sandbox.until((model) => model.webhooks().length === 9);
    await daemon.waitForOutput(/reconciled[\s\S]*reconciled/);
    daemon.kill('SIGTERM');
    const finished = await daemon.finished;
    expect([finished.code, calls(sandbox, 'token')]).toEqual([0, 2]);
    const all = await written(place, finished);
    expect(all).not.toMatch(JWT);
    expect(all).not.toContain(sandbox.token);
  });

  it('gives up after one renewal, and says so without the JWT', async () => {
    const refusal = { kind: 'answer', status: 401 } as const;
    const { sandbox, place } = await open([{ on: 'identity', times: 'always', reply: refusal }]);
    Object.assign(place.environment, { COPERNICA_AUTH_URL: sandbox.url, COPERNICA_API_VERSION: '4' });
    const finished = await place.run('apply', '--init', '--log-level', 'trace');
    expect([finished.code, calls(sandbox, 'token'), calls(sandbox, 'identity')]).toEqual([3, 2, 2]);
    expect(finished.stderr).toContain('401');
    expect(await written(place, finished)).not.toMatch(JWT);
  });
});

describe('the way to the API', () => {
  async function openHttps(host?: string) {
    const sandbox = await openSandbox();
    const front = await openFront(sandbox, 'https', host);
    const place = await Workplace.open(sandbox);
    place.environment.COPERNICA_API_URL = front.url;
    await place.write('ca.pem', TEST_CERTIFICATE);
    await place.manifest([A]);
    return { sandbox, front, place };
  }

  it('tells who is calling: product and version', async () => {
    const sandbox = await openSandbox();
    const front = await openFront(sandbox);
    const place = await Workplace.open(sandbox);
    place.environment.COPERNICA_API_URL = front.url;
    await place.manifest([A]);
    expect((await place.run('apply', '--init')).code).toBe(0);
    const { stdout: version } = await place.run('--version');
    expect(new Set(front.headers.map((headers) => headers['user-agent']))).toEqual(
      new Set([`copernica-webhooks/${version.trim()}`]),
    );
  });

  it.each(byDay(1, ['3', '4']))(
    'version %s: trusts the authorities of --ca-file, and without it nobody, whatever NODE_TLS_REJECT_UNAUTHORIZED says',
    async (version) => {
      const { sandbox, front, place } = await openHttps();
      Object.assign(place.environment, { NODE_TLS_REJECT_UNAUTHORIZED: '0', COPERNICA_AUTH_URL: front.url });
      const refused = await place.run('apply', '--init', '--api-version', version);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('no TLS connection to localhost')]);
      expect(front.headers).toEqual([]);
      const { code } = await place.run('apply', '--init', '--api-version', version, '--ca-file', 'ca.pem');
      expect([code, sandbox.account().length]).toEqual([0, 1]);
    },
  );

  atNight(
    'sends nothing to a server that nobody knows, with no word of NODE_TLS_REJECT_UNAUTHORIZED either',
    async () => {
      const { front, place } = await openHttps();
      const refused = await place.run('apply', '--init');
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('no TLS connection to localhost')]);
      expect(front.headers).toEqual([]);
    },
  );

  it('goes to a loopback address without a proxy, which would read the token in plain http', async () => {
    const { sandbox, place } = await open();
    const proxy = await openProxy();
    Object.assign(place.environment, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
    const { code } = await place.run('apply', '--init');
    expect([code, sandbox.account().length, proxy.heads]).toEqual([0, 1, []]);
  });

  it('goes through a tunnel of HTTPS_PROXY, which sees no token, and past it where NO_PROXY says so', async () => {
    const { sandbox, place } = await openHttps('api.example');
    const proxy = await openProxy();
    Object.assign(place.environment, { HTTPS_PROXY: proxy.url, COPERNICA_WEBHOOKS_CA_FILE: 'ca.pem' });
    const finished = await place.run('apply', '--init');
    expect([finished.code, sandbox.account().length]).toEqual([0, 1]);
    const heads = proxy.heads.length;
    expect(heads).toBeGreaterThan(0);
    expect(proxy.heads.join('')).toMatch(/^CONNECT api\.example:\d+ HTTP\/1\.1/);
    expect(proxy.heads.join('')).not.toMatch(/access_token|sandbox-access/);
    place.environment.NO_PROXY = 'other.example,api.example';
    const past = await place.run('plan');
    // Nobody has that name: it is looked up here now, and not by the proxy.
    expect([past.code, past.stderr]).toEqual([1, expect.stringMatching(/name .*: api\.example/)]);
    expect(proxy.heads).toHaveLength(heads);
  });
});

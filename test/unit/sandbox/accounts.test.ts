import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { callApi, makeWebhook, openSandbox, useSandbox } from '../../helpers/sandbox.js';

const HANDLER = 'https://hooks.example.com/path';
const FIRST = {
  token: 'token-of-the-first',
  identity: { id: '34', name: 'Development', description: 'first', company: 'Copernica BV' },
  databases: [
    { id: 1017, name: 'Customers', collections: [{ id: 42, name: 'Orders' }] },
    { id: 1018, name: 'Suppliers' },
  ],
};
const SECOND = { token: 'token-of-the-second', identity: { ...FIRST.identity, id: '35', name: 'Live' } };

async function json(sandbox: Sandbox, path: string): Promise<unknown> {
  return (await callApi(sandbox, 'GET', path)).json();
}

function trade(sandbox: Sandbox, token: string): Promise<Response> {
  return fetch(sandbox.url, { method: 'POST', body: new URLSearchParams({ access_token: token }) });
}

function withJwt(sandbox: Sandbox, jwt: string, path: string): Promise<Response> {
  return fetch(`${sandbox.url}${path}`, { headers: { Authorization: `Bearer ${jwt}` } });
}

describe('an account of the sandbox', () => {
  const sandbox = useSandbox({ accounts: [FIRST, SECOND] });

  it('says whose it is', async () => {
    expect(await json(sandbox(), '/v3/identity')).toEqual(FIRST.identity);
  });

  it('shows its databases with their collections in envelopes', async () => {
    const orders = { ID: '42', name: 'Orders', database: '1017' };
    expect(await json(sandbox(), '/v1/databases')).toEqual({
      start: 0,
      limit: 100,
      count: 2,
      total: 2,
      data: [
        {
          ID: '1017',
          name: 'Customers',
          description: '',
          collections: { start: 0, limit: 100, count: 1, total: 1, data: [orders] },
        },
        {
          ID: '1018',
          name: 'Suppliers',
          description: '',
          collections: { start: 0, limit: 100, count: 0, total: 0, data: [] },
        },
      ],
    });
    expect(await json(sandbox(), '/v3/database/1017/collections')).toMatchObject({ total: 1, data: [orders] });
  });

  it.each([
    ['?start=1&limit=5', { start: 1, limit: 5, count: 1, total: 2 }],
    ['?limit=5000', { start: 0, limit: 1000, count: 2, total: 2 }],
    ['?limit=0', { start: 0, limit: 0, count: 0, total: 2 }],
    ['?start=x&limit=-1', { start: 0, limit: 100, count: 2, total: 2 }],
    ['?start=2', { start: 2, limit: 100, count: 0, total: 2 }],
  ])('pages by %s', async (query, envelope) => {
    expect(await json(sandbox(), `/v3/databases${query}`)).toEqual({ ...envelope, data: expect.any(Array) });
  });

  it.each([
    ['no handler', { trigger: 'create' }],
    ['a relative handler', { handler: '/hook', trigger: 'create' }],
    ['an ftp handler', { handler: 'ftp://example.com', trigger: 'create' }],
    ['a handler that is no URL', { handler: 'https://', trigger: 'create' }],
    ['no trigger', { handler: HANDLER }],
    ['an unknown trigger', { handler: HANDLER, trigger: 'Create' }],
    ['an unknown caller', { handler: HANDLER, trigger: 'create', callers: ['ms', 'someone'] }],
    ['callers that are no list', { handler: HANDLER, trigger: 'create', callers: 'ms' }],
    ['a database that is no id', { handler: HANDLER, trigger: 'create', database: 'Customers' }],
    ['a list', [HANDLER]],
    ['nothing', null],
  ])('refuses a webhook with %s', async (_, body) => {
    const response = await callApi(sandbox(), 'POST', '/v3/webhooks', body);
    expect([response.status, await response.json()]).toEqual([400, { error: { message: 'Invalid data provided' } }]);
    expect(sandbox().account()).toEqual([]);
  });

  it.each([
    ['an http handler', { handler: 'http://a.example.com', trigger: 'unsubscribe' }],
    ['any database and collection', { handler: HANDLER, trigger: 'create', database: '1019', collection: 43 }],
    ['a collection alone', { handler: HANDLER, trigger: 'create', collection: 42 }],
    ['properties nobody knows', { handler: HANDLER, trigger: 'create', mark: 'mine' }],
  ])('takes a webhook with %s', async (_, body) => {
    await makeWebhook(sandbox(), body);
    expect(sandbox().account()).toHaveLength(1);
  });

  it('neither sees nor changes the webhooks of another, whose ids come from the same counter', async () => {
    const mine = await makeWebhook(sandbox(), { handler: HANDLER, trigger: 'create' });
    const theirs = sandbox().model.createByHand({ handler: HANDLER, trigger: 'open' }, 0, '35');
    expect(theirs?.id).toBe(mine + 1);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await callApi(sandbox(), method, `/v3/webhook/${mine + 1}`);
      expect(await response.json()).toEqual({ error: { message: 'No entity with supplied ID' } });
    }
    expect(sandbox().account('35')).toEqual([theirs]);
  });
});

describe('version 4', () => {
  it('trades the access token for a bare JWT whose exp says how long it is good', async () => {
    let now = Date.UTC(2026, 10, 23);
    const sandbox = await openSandbox({ now: () => now });
    const response = await trade(sandbox, sandbox.token);
    const jwt = await response.text();
    expect(response.status).toBe(200);
    expect(jwt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ exp: now / 1000 + 24 * 60 * 60 });
    now += 24 * 60 * 60 * 1000 - 1;
    expect((await withJwt(sandbox, jwt, '/v4/identity')).status).toBe(200);
    now += 1;
    expect((await withJwt(sandbox, jwt, '/v4/identity')).status).toBe(401);
  });

  it('answers 401 to a wrong token, to an access token in the URL and to a JWT that was revoked', async () => {
    const sandbox = await openSandbox();
    expect((await trade(sandbox, 'wrong-token')).status).toBe(401);
    expect((await callApi(sandbox, 'GET', '/v4/identity')).status).toBe(401);
    const jwt = await (await trade(sandbox, sandbox.token)).text();
    sandbox.model.revokeJwts();
    const refused = await withJwt(sandbox, jwt, '/v4/identity');
    expect([refused.status, await refused.json()]).toEqual([401, { error: { message: 'Invalid access token' } }]);
    const next = await (await trade(sandbox, sandbox.token)).text();
    expect((await withJwt(sandbox, next, '/v4/identity')).status).toBe(200);
  });

  it('takes the access token as a form alone: the same in JSON is no trade', async () => {
    const sandbox = await openSandbox();
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ access_token: sandbox.token });
    expect((await fetch(sandbox.url, { method: 'POST', headers, body })).status).toBe(401);
  });

  it('points to v4 in the header of a created webhook', async () => {
    const sandbox = await openSandbox();
    const jwt = await (await trade(sandbox, sandbox.token)).text();
    const response = await fetch(`${sandbox.url}/v4/webhooks`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${jwt}`, 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ handler: HANDLER, trigger: 'create' }),
    });
    expect(response.headers.get('X-Location')).toBe(`${sandbox.url}/v4/webhook/1894`);
  });
});

describe('starting a sandbox', () => {
  it.each([
    ['a token that is too short', [{ ...FIRST, token: 'short' }]],
    ['one token for two accounts', [FIRST, { ...SECOND, token: FIRST.token }]],
    ['one id for two accounts', [FIRST, { ...SECOND, identity: FIRST.identity }]],
  ] as const)('is refused with %s', async (_, [first, ...rest]) => {
    await expect(openSandbox({ accounts: [first, ...rest] })).rejects.toThrow('each account of a sandbox');
  });

  it('is refused on a port that is taken', async () => {
    const sandbox = await openSandbox();
    await expect(openSandbox({ port: Number(new URL(sandbox.url).port) })).rejects.toMatchObject({ kind: 'failed' });
  });
});

import { Agent, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { callApi, makeWebhook, useSandbox } from '../../helpers/sandbox.js';

const WEBHOOK = { handler: 'https://a.example', trigger: 'create' };

async function control(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<unknown[]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body !== undefined && { body: text }),
  });
  return [response.status, await response.json()];
}

describe('the control surface', () => {
  const sandbox = useSandbox();

  it('shows the account and what was asked of it, without the token and without itself', async () => {
    await makeWebhook(sandbox(), WEBHOOK);
    const [status, view] = await control(sandbox(), 'GET', 'account');
    expect(status).toBe(200);
    expect(view).toMatchObject({
      webhooks: [{ id: 1894, ...WEBHOOK, callers: ['ms', 'publisher'], database: null, collection: null }],
      removed: [],
      requests: [{ method: 'POST', path: '/v3/webhooks', query: 'access_token=***', body: JSON.stringify(WEBHOOK) }],
      identity: { id: '34' },
      nextId: 1895,
    });
    expect(JSON.stringify(view)).not.toContain(sandbox().token);
  });

  it('has handlers fail, which the account then logs by day', async () => {
    expect(await control(sandbox(), 'POST', 'delivery-errors', { response: 404, count: 2 })).toMatchObject([200, {}]);
    expect(await control(sandbox(), 'POST', 'delivery-errors', { response: 1 })).toMatchObject([400, {}]);
    const read = async (path: string): Promise<unknown> => (await callApi(sandbox(), 'GET', `/v3/${path}`)).json();
    const [day = ''] = (await read('logfiles')) as string[];
    const names = (await read(`logfiles?date=${day}&type=feedback-loop-errors`)) as string[];
    expect(names).toEqual([`feedback-loop-errors.${day}.log`]);
    expect(await read(`logfiles?date=${day}&type=cdm-click`)).toEqual([]);
    expect(await read('logfiles?date=2000-01-01')).toEqual([]);
    expect(await read(`logfile/${names[0]}/json`)).toMatchObject([{ response: 404 }, { response: 404 }]);
    expect(await read('logfile/other.log/json')).toMatchObject({ error: {} });
  });

  it.each([
    ['text, a line each', 'create:after:503\nread:close\n'],
    ['JSON', [{ on: 'create', when: 'after', reply: { kind: 'answer', status: 503 } }, 'read:close']],
  ])('takes faults as %s', async (_, body) => {
    expect(await control(sandbox(), 'POST', 'faults', body)).toMatchObject([200, [{ on: 'create' }, { on: 'read' }]]);
    expect((await callApi(sandbox(), 'POST', '/v3/webhooks', WEBHOOK)).status).toBe(503);
    expect(await control(sandbox(), 'GET', 'faults')).toMatchObject([200, [{ on: 'read' }]]);
    expect(await control(sandbox(), 'DELETE', 'faults')).toEqual([200, []]);
  });

  it.each([
    '',
    'create:after:nothing',
    '{"on":"create"',
    '[{"on":"create"}]',
    'create:close\nnonsense',
    '["create:close","nonsense"]',
    '[1]',
    '"x"',
  ])('refuses a fault that it does not know, and orders none: %s', async (body) => {
    const [status, answer] = await control(sandbox(), 'POST', 'faults', body);
    expect([status, answer]).toEqual([400, { error: { message: expect.stringContaining('CALL: create') } }]);
    expect(sandbox().model.faults).toEqual([]);
  });

  it('takes ids for other tenants', async () => {
    expect(await control(sandbox(), 'POST', 'take-ids', { count: 6 })).toEqual([200, { nextId: 1900 }]);
    expect(await control(sandbox(), 'POST', 'take-ids', { count: -1 })).toMatchObject([400, {}]);
    expect(await control(sandbox(), 'POST', 'take-ids')).toMatchObject([400, {}]);
  });

  it('makes, changes and removes webhooks as if by hand', async () => {
    expect(await control(sandbox(), 'POST', 'webhooks', WEBHOOK)).toMatchObject([200, { id: 1894 }]);
    const changes = { handler: 'https://b.example', database: 7 };
    expect(await control(sandbox(), 'PUT', 'webhooks/1894', changes)).toEqual([200, { id: 1894 }]);
    expect(sandbox().account()).toMatchObject([{ ...WEBHOOK, ...changes, callers: ['ms', 'publisher'] }]);
    await control(sandbox(), 'DELETE', 'webhooks/1894');
    expect(await (await callApi(sandbox(), 'GET', '/v3/webhook/1894')).json()).toMatchObject({
      ID: '1894',
      handler: '',
    });
    await control(sandbox(), 'DELETE', 'webhooks/1894?vanish=true');
    expect((await callApi(sandbox(), 'GET', '/v3/webhook/1894')).status).toBe(400);
  });

  it.each([
    ['POST', 'webhooks', { trigger: 'create' }, 400],
    ['PUT', 'webhooks/1', { database: 7 }, 404],
    ['PUT', 'webhooks/1', { unknown: 7 }, 400],
    ['DELETE', 'webhooks/1', undefined, 404],
    ['PATCH', 'webhooks/1', undefined, 404],
    ['GET', 'nothing', undefined, 404],
    ['GET', 'account?id=99', undefined, 400],
  ])('refuses %s %s with %j', async (method, path, body, status) => {
    expect((await control(sandbox(), method, path, body))[0]).toBe(status);
  });

  it('revokes JWTs and starts over', async () => {
    const body = new URLSearchParams({ access_token: sandbox().token });
    const jwt = await (await fetch(sandbox().url, { method: 'POST', body })).text();
    const headers = { Authorization: `Bearer ${jwt}` };
    expect((await fetch(`${sandbox().url}/v4/identity`, { headers })).status).toBe(200);
    await control(sandbox(), 'POST', 'revoke-jwts');
    expect((await fetch(`${sandbox().url}/v4/identity`, { headers })).status).toBe(401);
    await makeWebhook(sandbox(), WEBHOOK);
    expect(await control(sandbox(), 'POST', 'reset')).toEqual([200, { nextId: 1894 }]);
    expect(sandbox().account()).toEqual([]);
    expect(sandbox().requests()).toEqual([]);
  });
});

describe('a connection to the sandbox', () => {
  const sandbox = useSandbox();

  it('serves many creates', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const post = () =>
      new Promise<void>((resolve, reject) => {
        const url = `${sandbox().url}/v3/webhooks?access_token=${sandbox().token}`;
        const headers = { 'Content-Type': 'application/json' };
        const sent = request(url, { method: 'POST', agent, headers }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().on('end', resolve);
        });
        sent.on('error', reject);
        sent.end(JSON.stringify(WEBHOOK));
      });
    await Promise.all(Array.from({ length: 100 }, post));
    agent.destroy();
    expect(ports.size).toBe(1);
    expect(sandbox().account()).toHaveLength(100);
  });
});

import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { callApi, makeWebhook, useSandbox } from '../../helpers/sandbox.js';

const WEBHOOK = { handler: 'https://a.example', trigger: 'create' };

/** POSTs a webhook: the answer, or the code with which the connection broke. */
function post(sandbox: Sandbox, signal?: AbortSignal): Promise<{ status: number; body: string; id: unknown } | string> {
  return new Promise((resolve) => {
    const url = `${sandbox.url}/v3/webhooks?access_token=${sandbox.token}`;
    const headers = { 'Content-Type': 'application/json' };
    const sent = request(url, { method: 'POST', headers, agent: false, ...(signal && { signal }) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body += piece;
      });
      response.on('error', (error: NodeJS.ErrnoException) => resolve(`${body} ${error.code}`));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, id: response.headers['x-created'] }));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code} ${error.message}`));
    sent.end(JSON.stringify(WEBHOOK));
  });
}

describe('a fault over HTTP', () => {
  const sandbox = useSandbox();
  const made = () => sandbox().account().length;

  it.each([
    ['before', 0],
    ['after', 1],
  ])('%s the act closes the connection without a byte', async (when, count) => {
    sandbox().orderFault(`create:${when}:close`);
    expect(await post(sandbox())).toBe('ECONNRESET socket hang up');
    expect(made()).toBe(count);
    expect(await post(sandbox())).toMatchObject({ status: 201 });
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ])('%s the act resets the connection', async (when, count) => {
    sandbox().orderFault(`create:${when}:reset`);
    expect(await post(sandbox())).toBe('ECONNRESET read ECONNRESET');
    expect(made()).toBe(count);
  });

  it.each([502, 503, 504, 429])('answers %i with the page of the load balancer', async (status) => {
    sandbox().orderFault(`any:after:${status}`);
    const response = await callApi(sandbox(), 'POST', '/v3/webhooks', WEBHOOK);
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toMatch(/<title>Loadbalancer Error<\/title>[\s\S]*too many requests/);
    expect(made()).toBe(1);
  });

  it('answers what was ordered, headers and all', async () => {
    const reply = { kind: 'answer', status: 429, headers: { 'Retry-After': '7' }, body: 'later' } as const;
    sandbox().orderFault({ on: 'identity', reply });
    const response = await callApi(sandbox(), 'GET', '/v3/identity');
    expect([response.status, response.headers.get('Retry-After'), await response.text()]).toEqual([429, '7', 'later']);
  });

  it('never answers a call that hangs, which the client may give up on', async () => {
    sandbox().orderFault('create:before:hang');
    const patience = new AbortController();
    const outcome = post(sandbox(), patience.signal);
    await sandbox().until((model) => model.requests.length === 1);
    patience.abort();
    expect(await outcome).toMatch(/^ABORT_ERR/);
    expect(made()).toBe(0);
  });

  it('drops a call that hangs when the sandbox is closed', async () => {
    sandbox().orderFault('create:after:hang');
    const outcome = post(sandbox());
    await sandbox().until((model) => model.webhooks().length === 1);
    await sandbox().close();
    expect(await outcome).toBe('ECONNRESET socket hang up');
  });

  it.each(['before', 'after'])('is slow %s the act, and answers as usual in the end', async (when) => {
    sandbox().orderFault(`create:${when}:slow:5`);
    expect(await post(sandbox())).toMatchObject({ status: 201, id: '1894' });
  });

  it('holds a request up and acts on it although the client has gone', async () => {
    sandbox().orderFault('create:before:slow:50');
    const patience = new AbortController();
    const outcome = post(sandbox(), patience.signal);
    await sandbox().until((model) => model.requests.length === 1);
    expect(made()).toBe(0);
    patience.abort();
    expect(await outcome).toMatch(/^ABORT_ERR/);
    await sandbox().until((model) => model.webhooks().length === 1);
    expect(await makeWebhook(sandbox(), WEBHOOK)).toBe(1895);
  });

  it.each([
    ['close', 'ECONNRESET socket hang up'],
    ['504', expect.objectContaining({ status: 504 })],
  ])('acts late on a request that ended with %s', async (reply, outcome) => {
    sandbox().orderFault(`create:late:50:${reply}`);
    expect(await post(sandbox())).toEqual(outcome);
    expect(made()).toBe(0);
    await sandbox().until((model) => model.webhooks().length === 1);
  });

  it('breaks off in the middle of a body', async () => {
    const id = await makeWebhook(sandbox(), WEBHOOK);
    sandbox().orderFault('read:after:truncated');
    const response = await callApi(sandbox(), 'GET', `/v3/webhook/${id}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    sandbox().orderFault('create:after:truncated');
    expect(await post(sandbox())).toBe('{"statu ECONNRESET');
    expect(made()).toBe(2);
  });

  it('leaves the id out of a success', async () => {
    sandbox().orderFault('create:after:without-id');
    expect(await post(sandbox())).toEqual({ status: 201, body: '', id: undefined });
    sandbox().orderFault('create:before:without-id');
    expect(await post(sandbox())).toEqual({ status: 200, body: '', id: undefined });
    expect(made()).toBe(1);
  });

  it('answers rubbish in place of JSON', async () => {
    sandbox().orderFault('identity:after:garbage');
    const response = await callApi(sandbox(), 'GET', '/v3/identity');
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it('strikes the authentication host too', async () => {
    sandbox().orderFault('token:503');
    const body = new URLSearchParams({ access_token: sandbox().token });
    expect((await fetch(sandbox().url, { method: 'POST', body })).status).toBe(503);
    expect((await fetch(sandbox().url, { method: 'POST', body })).status).toBe(200);
  });
});

describe('the server of a sandbox', () => {
  const sandbox = useSandbox();

  it('does not act on a request that the client broke off half way', async () => {
    const { port } = new URL(sandbox().url);
    const socket = connect(Number(port), '127.0.0.1');
    const head = `POST /v3/webhooks?access_token=${sandbox().token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(`${head}{`, () => resolve()));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    await callApi(sandbox(), 'GET', '/v3/identity');
    expect(
      sandbox()
        .requests()
        .map(({ call }) => call),
    ).toEqual(['identity']);
  });

  it('may be closed twice, and tells those who still wait', async () => {
    const waiting = expect(sandbox().until(() => false)).rejects.toThrow('closed');
    await sandbox().close();
    await sandbox().close();
    await waiting;
  });

  it('forgets what was still to be acted on when it is closed', async () => {
    sandbox().orderFault('create:late:60000:close');
    await post(sandbox());
    await sandbox().close();
    await new Promise(setImmediate);
    expect([sandbox().requests().length, sandbox().account().length]).toEqual([1, 0]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { createCopernicaClient } from '../../../src/copernica/client.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { answer, closedPort, json, type RawRequest, type Script, startRawServer } from '../../helpers/raw-server.js';

const TOKEN = 'c0pern1ca+access/token=42';
const SPEC: WebhookSpec = { handler: 'https://my-webhook-url.com', trigger: 'create' };

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown) => `${base64url({ alg: 'HS256' })}.${base64url(claims)}.c2lnbmF0dXJl`;
const bearer = ({ headers }: RawRequest) => headers.authorization;

/** A client for v4, an authentication host that hands out a JWT a trade, and a clock that the test moves. */
async function open(api: Script, makeJwt: (count: number, now: number) => string, auth?: Script) {
  const clock = { now: 1_000_000_000 };
  const handOut: Script = (socket, _, count) => {
    socket.write(answer(200, { 'Content-Type': 'text/plain' }, makeJwt(count, clock.now)));
  };
  const [apiServer, authServer] = await Promise.all([startRawServer(api), startRawServer(auth ?? handOut)]);
  const client = createCopernicaClient({
    apiUrl: apiServer.url,
    authUrl: authServer.url,
    version: 4,
    token: TOKEN,
    concurrency: 4,
    timeoutMs: 20_000,
    userAgent: 'copernica-webhooks/1.2.3',
    now: () => clock.now,
  });
  onTestFinished(() => client.close());
  return { client, api: apiServer, auth: authServer, clock };
}

const good: Script = (socket) => socket.write(answer(201, { 'X-Created': '9' }));
const inSeconds = (seconds: number) => (count: number, now: number) => jwt({ exp: now / 1000 + seconds, jti: count });

describe('v4', () => {
  it('trades the access token for a JWT once, for all the requests that wait for it', async () => {
    const { client, api, auth, clock } = await open(good, inSeconds(24 * 3600));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => client.createWebhook(SPEC)));
    expect(outcomes).toEqual(Array(20).fill({ ok: true, value: 9 }));
    expect(auth.requests).toHaveLength(1);
    expect(auth.requests[0]).toMatchObject({
      method: 'POST',
      target: '/',
      body: `access_token=${encodeURIComponent(TOKEN)}`,
    });
    expect(auth.requests[0]?.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(new Set(api.requests.map(bearer))).toEqual(new Set([`Bearer ${inSeconds(24 * 3600)(1, clock.now)}`]));
    expect(api.requests[0]?.target).toBe('/v4/webhooks');
    expect(JSON.stringify(api.requests)).not.toContain('access_token');
  });

  it.each([
    ['that says until when', inSeconds(3600), 3600_000 - 60_000],
    ['with a short life', inSeconds(60), 30_000],
    ['without an end', (count: number) => jwt({ jti: count }), 5 * 60_000],
    ['that is over already by this clock', inSeconds(-3600), 5 * 60_000],
    ['with an odd end', (count: number) => jwt({ exp: 'tomorrow', jti: count }), 5 * 60_000],
    ['that is not JSON inside', (count: number) => `abc.def${count}.ghi`, 5 * 60_000],
  ])('uses a JWT %s until shortly before it ends', async (_, makeJwt, lifeMs) => {
    const { client, auth, clock } = await open(good, makeJwt);
    await client.createWebhook(SPEC);
    clock.now += lifeMs - 1;
    await client.createWebhook(SPEC);
    expect(auth.requests).toHaveLength(1);
    clock.now += 1;
    await client.createWebhook(SPEC);
    expect(auth.requests).toHaveLength(2);
  });

  it.each<[string, string]>([
    ['401', json({ error: { message: 'Go away' } }, 401)],
    ['400 for the token', json({ error: { message: 'Invalid access token' } }, 400)],
  ])('renews the JWT once after a %s, together, and sends what was refused again', async (_, refused) => {
    const api: Script = (socket, request) => {
      const isFirst = bearer(request)?.endsWith('first.c2ln') === true;
      socket.write(isFirst ? refused : answer(201, { 'X-Created': '9' }));
    };
    const {
      client,
      api: server,
      auth,
    } = await open(api, (count) => (count === 1 ? 'eyJh.first.c2ln' : 'eyJh.next.c2ln'));
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => client.createWebhook(SPEC)));
    expect(outcomes).toEqual(Array(4).fill({ ok: true, value: 9 }));
    expect(auth.requests).toHaveLength(2);
    expect(server.requests).toHaveLength(8);
  });

  it('drops the JWT after a 401 that may be a proxy’s, but sends no POST again, which may have made something', async () => {
    const { client, api, auth } = await open((socket) => socket.write(answer(401)), inSeconds(3600));
    expect(await client.createWebhook(SPEC)).toMatchObject({ kind: 'unknown', status: 401 });
    expect([api.requests.length, auth.requests.length]).toEqual([1, 1]);
    expect(await client.readWebhook(5)).toMatchObject({ kind: 'unknown', status: 401 });
    // What does no harm twice is asked again, with the next JWT.
    expect([api.requests.length, auth.requests.length]).toEqual([3, 3]);
  });

  it('gives up when the new JWT is refused as well', async () => {
    const { client, api, auth } = await open(
      (socket) => socket.write(json({ error: { message: 'Go away' } }, 401)),
      inSeconds(3600),
    );
    expect(await client.createWebhook(SPEC)).toMatchObject({ kind: 'refused', status: 401 });
    expect(api.requests).toHaveLength(2);
    expect(auth.requests).toHaveLength(2);
  });

  it.each<[string, Script, object]>([
    [
      'refuses',
      (socket) => socket.write(json({ error: { message: `no ${TOKEN}` } }, 400)),
      { kind: 'refused', status: 400, tokenRejected: true },
    ],
    ['refuses without a word', (socket) => socket.write(answer(401)), { kind: 'refused', status: 401 }],
    ['refuses with a page', (socket) => socket.write(answer(403, {}, '<html>')), { kind: 'refused', status: 403 }],
    [
      'turns away',
      (socket) => socket.write(answer(503, { 'Retry-After': '7' })),
      { kind: 'not-sent', retryAfterMs: 7000 },
    ],
    ['answers a page', (socket) => socket.write(answer(200, {}, `<html>${TOKEN}`)), { kind: 'not-sent' }],
    ['answers nothing', (socket) => socket.write(answer(200)), { kind: 'not-sent' }],
    ['answers a line too many', (socket) => socket.write(answer(200, {}, 'a.b.c\r\nX-Evil: 1')), { kind: 'not-sent' }],
    ['redirects', (socket) => socket.write(answer(302, { Location: `/?access_token=${TOKEN}` })), { kind: 'not-sent' }],
    ['hangs up', (socket) => socket.end(), { kind: 'not-sent' }],
  ])('does not call the API when the authentication host %s', async (_, auth, expected) => {
    const { client, api } = await open(good, () => '', auth);
    const outcome = await client.createWebhook(SPEC);
    expect(outcome).toMatchObject({ ...expected, message: expect.stringMatching(/^no JWT from 127\.0\.0\.1:\d+: /) });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(api.connections).toBe(0);
  });

  it('does not call the API when the authentication host can not be reached', async () => {
    const port = await closedPort();
    const api = await startRawServer(good);
    const client = createCopernicaClient({
      apiUrl: api.url,
      authUrl: `http://127.0.0.1:${port}`,
      version: 4,
      token: TOKEN,
      concurrency: 4,
      timeoutMs: 20_000,
      userAgent: 'copernica-webhooks/1.2.3',
    });
    onTestFinished(() => client.close());
    expect(await client.createWebhook(SPEC)).toEqual({
      ok: false,
      kind: 'not-sent',
      message: `no JWT from 127.0.0.1:${port}: connection refused by 127.0.0.1:${port}`,
    });
    expect(api.connections).toBe(0);
  });

  it('tells neither the JWT nor the access token that an answer echoes', async () => {
    const echo: Script = (socket, request) =>
      socket.write(json({ error: { message: `no: ${bearer(request)}, ${bearer(request)?.slice(7)}, ${TOKEN}` } }, 403));
    const { client } = await open(echo, () => 'opaque-head.opaque-body.opaque-signature');
    const outcome = await client.readWebhook(5);
    expect(outcome).toMatchObject({ kind: 'refused', message: 'Copernica answered 403: no: Bearer ***, ***, ***' });
  });
});

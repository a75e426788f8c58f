import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../src/copernica/proxy.js';
import { createTransport } from '../../../src/copernica/transport.js';
import { answer, startRawServer } from '../../helpers/raw-server.js';

const API = 'https://api.example';

describe('the proxy for an origin', () => {
  it.each([
    [API, {}, null],
    [API, { httpsProxy: 'http://p:1' }, 'p:1'],
    [API, { httpProxy: 'http://p:1' }, 'p:1'],
    ['http://api.example', { httpProxy: 'http://p:1', httpsProxy: 'http://q:2' }, 'p:1'],
    ['http://api.example', { httpsProxy: 'http://q:2' }, null],
    [API, { httpsProxy: 'p.example:3128' }, 'p.example:3128'],
    [API, { httpsProxy: 'http://p:1', noProxy: '*' }, null],
    [API, { httpsProxy: 'http://p:1', noProxy: 'other.example, API.example' }, null],
    [API, { httpsProxy: 'http://p:1', noProxy: '.example' }, null],
    [API, { httpsProxy: 'http://p:1', noProxy: '*.example' }, null],
    [API, { httpsProxy: 'http://p:1', noProxy: 'pi.example' }, 'p:1'],
    [API, { httpsProxy: 'http://p:1', noProxy: 'api.example:443' }, null],
    [API, { httpsProxy: 'http://p:1', noProxy: 'api.example:8443' }, 'p:1'],
    ['http://localhost:1', { httpProxy: 'http://p:1' }, null],
    ['https://localhost', { httpsProxy: 'http://p:1' }, null],
    ['http://127.0.0.1:1', { httpProxy: 'http://p:1' }, null],
    ['http://127.255.0.9:1', { httpProxy: 'http://p:1' }, null],
    ['http://[::1]:1', { httpProxy: 'http://p:1' }, null],
    ['http://localhost.example:1', { httpProxy: 'http://p:1' }, 'p:1'],
    ['http://128.0.0.1', { httpProxy: 'http://p:1' }, 'p:1'],
  ])('%s with %j is %s', (origin, settings, expected) => {
    expect(proxyFor(origin, settings)?.host ?? null).toBe(expected);
  });

  it.each([
    ['http://api.example', ''],
    ['http://api.example', 'api.example'],
    ['http://api.example', 'api.example:81'],
    ['http://api.example', 'api.example:80'],
    ['http://api.example', '.example'],
    ['http://api.example', '*'],
    ['http://localhost:1', ''],
    ['http://127.0.0.1:1', ''],
    ['http://127.255.0.9:1', 'other.example'],
    ['http://[::1]:1', ''],
  ])('is the one that a request really takes: to %s with NO_PROXY %j', async (origin, noProxy) => {
    const proxy = await startRawServer((socket) => socket.end(answer(403)));
    const settings = { httpProxy: proxy.url, noProxy };
    const transport = createTransport({ origin, connections: 1, timeoutMs: 20_000, proxy: settings });
    await transport.send({ method: 'GET', path: '/', headers: {} });
    await transport.close();
    expect(proxy.requests.length > 0).toBe(proxyFor(origin, settings) !== null);
  });
});

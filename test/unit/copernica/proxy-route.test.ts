import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../src/copernica/proxy-route.js';
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
  ])('%s with %j is %s', (origin, settings, expected) => {
    expect(proxyFor(origin, settings)?.host ?? null).toBe(expected);
  });

  it.each(['127.0.0.1', '0.0.0.1', '127.0.0.1:9', '.0.0.1', '*', ''])(
    'is the one that a request really takes, with NO_PROXY %j',
    async (noProxy) => {
      const api = await startRawServer((socket) => socket.end(answer(200)));
      const proxy = await startRawServer((socket) => socket.end(answer(403)));
      const settings = { httpProxy: proxy.url, noProxy };
      const transport = createTransport({ origin: api.url, connections: 1, timeoutMs: 20_000, proxy: settings });
      await transport.send({ method: 'GET', path: '/', headers: {} });
      await transport.close();
      expect(proxy.requests.length > 0).toBe(proxyFor(api.url, settings) !== null);
      expect(api.requests.length + proxy.requests.length).toBeGreaterThan(0);
    },
  );
});

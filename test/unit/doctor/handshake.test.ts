import { createServer, type LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { shakeHands } from '../../../src/doctor/handshake.js';
import { closedPort, json, listen, startRawServer } from '../../helpers/raw-server.js';
import { startTlsServer } from '../../helpers/tls-server.js';

const PATIENT = { timeoutMs: 20_000 };
const toLoopback: LookupFunction = (_host, _options, done) =>
  void setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }]);
const target = (protocol: 'http:' | 'https:', host: string, port: number) => ({
  protocol,
  host,
  port,
  subject: `${host}:${port}`,
});

describe('a handshake', () => {
  it('refuses a certificate that can’t be trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { port } = await startTlsServer('good');
    expect(await shakeHands(target('https:', '127.0.0.1', port), PATIENT)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^its certificate is not valid: .*\((UNABLE_TO|SELF_SIGNED)[A-Z_]*\)$/),
      remedy: expect.stringContaining('whole chain'),
    });
  });

  it('tells a name that nobody has, and a resolver that is silent', async () => {
    const nobody = target('https:', 'nobody.invalid', 443);
    const unknown: LookupFunction = (_host, _options, done) =>
      void setImmediate(done, Object.assign(new Error('no'), { code: 'ENOTFOUND', hostname: 'nobody.invalid' }), []);
    expect(await shakeHands(nobody, { ...PATIENT, lookup: unknown })).toMatchObject({
      message: 'name not found: nobody.invalid',
    });
    expect(await shakeHands(nobody, { timeoutMs: 1, lookup: () => {} })).toMatchObject({
      message: 'no connection to nobody.invalid:443 in time',
    });
  });

  it('tells a port on which nobody listens', async () => {
    const port = await closedPort();
    expect(await shakeHands(target('http:', 'a.invalid', port), { ...PATIENT, lookup: toLoopback })).toMatchObject({
      message: `connection refused by 127.0.0.1:${port}`,
    });
  });

  it('tells when something else is spoken there', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n'));
    onTestFinished(() => void server.close());
    expect(await shakeHands(target('https:', '127.0.0.1', await listen(server)), PATIENT)).toMatchObject({
      message: expect.stringMatching(/^no TLS connection to 127\.0\.0\.1:\d+ \(ERR_SSL_WRONG_VERSION_NUMBER\)$/),
      remedy: expect.stringContaining('https (TLS 1.2 or later)'),
    });
  });

  it('without TLS is a connection that is closed again', async () => {
    const plain = await startRawServer((socket) => socket.end(json({})));
    expect(await shakeHands(target('http:', '127.0.0.1', plain.port), PATIENT)).toMatchObject({ ok: true, tls: null });
    expect([plain.connections, plain.requests]).toEqual([1, []]);
  });
});

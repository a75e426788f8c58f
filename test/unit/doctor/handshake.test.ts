import { createServer, type LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { shakeHands, TIMED_OUT } from '../../../src/doctor/handshake.js';
import { closedPort, json, listen, startRawServer } from '../../helpers/raw-server.js';
import { startTlsServer } from '../../helpers/tls-server.js';

const PATIENT = { timeoutMs: 20_000 };
const toLoopback: LookupFunction = (_host, _options, done) =>
  void setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }]);

describe('a handshake', () => {
  it('ends with what the certificate says, in order, and with nothing more sent', async () => {
    const server = await startTlsServer('of another host');
    const target = { host: 'localhost', port: server.port, tls: true };
    expect(await shakeHands(target, { ...PATIENT, lookup: toLoopback })).toMatchObject({
      at: 'end',
      addresses: ['127.0.0.1'],
      tls: { protocol: 'TLSv1.3', validTo: Date.parse('2120-01-01'), distrust: expect.stringMatching(/^[A-Z_]+$/) },
    });
    await server.hungUp;
    expect([server.handshakes, server.complaints, server.received]).toEqual([1, 0, '']);
  });

  it('tells a certificate that can’t be trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { port } = await startTlsServer('good');
    expect(await shakeHands({ host: '127.0.0.1', port, tls: true }, PATIENT)).toMatchObject({
      at: 'end',
      tls: { distrust: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) },
    });
  });

  it('ends at the name when nobody has it, and when the resolver is silent', async () => {
    const target = { host: 'nobody.invalid', port: 443, tls: true };
    const unknown: LookupFunction = (_host, _options, done) =>
      void setImmediate(done, Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    expect(await shakeHands(target, { ...PATIENT, lookup: unknown })).toEqual({
      at: 'name',
      addresses: [],
      code: 'ENOTFOUND',
    });
    expect(await shakeHands(target, { timeoutMs: 1, lookup: () => {} })).toMatchObject({
      at: 'name',
      code: TIMED_OUT,
    });
  });

  it('ends at the connection when nobody listens', async () => {
    const target = { host: 'a.invalid', port: await closedPort(), tls: false };
    expect(await shakeHands(target, { ...PATIENT, lookup: toLoopback })).toEqual({
      at: 'connection',
      addresses: ['127.0.0.1'],
      code: 'ECONNREFUSED',
    });
  });

  it('ends at TLS when something else is spoken there', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n'));
    onTestFinished(() => void server.close());
    const target = { host: '127.0.0.1', port: await listen(server), tls: true };
    expect(await shakeHands(target, PATIENT)).toEqual({
      at: 'tls',
      addresses: ['127.0.0.1'],
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    });
  });

  it('without TLS is a connection that is closed again', async () => {
    const plain = await startRawServer((socket) => socket.end(json({})));
    const target = { host: '127.0.0.1', port: plain.port, tls: false };
    expect(await shakeHands(target, PATIENT)).toMatchObject({ at: 'end', tls: null });
    expect([plain.connections, plain.requests]).toEqual([1, []]);
  });
});

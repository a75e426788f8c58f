import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { probeHost } from '../../../src/doctor/probe.js';
import { startTlsServer } from '../../helpers/tls-server.js';

describe('a probe, with NODE_TLS_REJECT_UNAUTHORIZED=0,', () => {
  it('still tells a certificate that can’t be trusted', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { port } = await startTlsServer('good');
    const reach = await probeHost({ host: 'localhost', port, tls: true }, { timeoutMs: 20_000 });
    expect(reach).toMatchObject({ at: 'end', tls: { distrust: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) } });
  });

  it('tells a proxy that can’t be trusted nothing, its password neither', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await startTlsServer('good');
    const proxy = new URL(`https://me:pass@localhost:${server.port}`);
    const reach = await probeHost({ host: 'api.example', port: 443, tls: true }, { timeoutMs: 20_000, proxy });
    expect([reach.at, server.received]).toEqual(['proxy', '']);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { byDay } from '../helpers/night.js';
import { PASSWORD, type PostgresServer, postgresServer, startPostgres } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';
import { CERTIFICATES, KEY, TEST_AUTHORITY } from '../helpers/tls-server.js';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({
    settings: ['ssl=on'],
    files: { 'server.key': KEY, 'server.crt': CERTIFICATES.good, 'other.crt': CERTIFICATES['of another host'] },
  });
});

/** The server shows this certificate from now on. */
async function showCertificate(file: string): Promise<void> {
  await server.query('postgres', `ALTER SYSTEM SET ssl_cert_file = '${file}'`);
  await server.query('postgres', 'SELECT pg_reload_conf()');
  await expect.poll(async () => (await server.query('postgres', 'SHOW ssl_cert_file'))[0]?.ssl_cert_file).toBe(file);
}

async function openPlace(): Promise<Workplace> {
  const place = await Workplace.open();
  place.environment.PGPASSWORD = PASSWORD;
  await place.write('ca.pem', TEST_AUTHORITY);
  return place;
}

const urlOf = (host: string, query: string, { port } = server) =>
  `postgres://postgres@${host}:${port}/postgres${query}`;
const TRUSTED = '?sslmode=verify-full&sslrootcert=ca.pem';

describe('TLS to a database', () => {
  it('is had with a certificate of the right name from an authority that is trusted, of an IP address too', async () => {
    const place = await openPlace();
    await showCertificate('server.crt');
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await place.run('list', '--state', urlOf(host, TRUSTED))).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it.each(
    byDay(1, [
      [
        'an authority that is not trusted',
        'localhost',
        '?sslmode=verify-full',
        'server.crt',
        'an authority that is not trusted',
      ],
      ['a certificate for another host', 'localhost', TRUSTED, 'other.crt', 'for another host'],
      ['a certificate for another address', '127.0.0.1', TRUSTED, 'other.crt', 'for another host'],
    ]),
  )('is refused with %s, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async (_, host, query, file, why) => {
    const place = await openPlace();
    await showCertificate(file);
    const refused = { code: 1, stdout: '', stderr: expect.stringContaining(why) };
    expect(await place.run('list', '--state', urlOf(host, query))).toMatchObject(refused);
    place.environment.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    expect(await place.run('list', '--state', urlOf(host, query))).toMatchObject(refused);
  });

  it('is never given up for a server that has none', async () => {
    const place = await openPlace();
    const plain = await postgresServer();
    expect(await place.run('list', '--state', urlOf('localhost', TRUSTED, plain))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not offer TLS'),
    });
  });

  it('is not needed on a socket', async () => {
    const place = await openPlace();
    const { code, stderr } = await place.run('list', '--state', urlOf('localhost', `?host=${server.folder}`));
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('a standby', () => {
  it('is enough to read, and refuses writers', async () => {
    const standby = await startPostgres({ files: { 'standby.signal': '' } });
    const place = await Workplace.open(await openSandbox());
    place.environment.PGPASSWORD = PASSWORD;
    await place.manifest([{ name: 'orders', handler: 'https://a.example/orders', trigger: 'create' }]);
    const state = ['--state', urlOf('127.0.0.1', '', standby)];
    expect(await place.run('plan', ...state)).toMatchObject({ code: 0 });
    const refused = { code: 4, stderr: expect.stringContaining('is on a standby, which takes no writes') };
    expect(await place.run('apply', '--init', ...state)).toMatchObject(refused);
    const { code, stdout } = await place.run('doctor', '--no-handlers', ...state);
    expect([code, stdout]).toEqual([4, expect.stringContaining('it is a standby, which takes no writes')]);
  });
});

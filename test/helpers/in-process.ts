import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { runCli } from '../../src/cli.js';
import type { Host } from '../../src/host.js';
import { Secrets } from '../../src/secrets.js';
import { secretsOfNotifyUrl } from '../../src/settings/values.js';
import { catchStopSignals } from '../../src/stop-signals.js';
import type { Finished } from './cli.js';

interface Call {
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Emits signals by their names. */
  readonly signals?: EventEmitter;
  /** Is called with what is written, when it is. */
  readonly onWritten?: (stream: 'stdout' | 'stderr', text: string) => void;
}

const HOME = process.cwd();
/** The folder that this process works in for the calls under way: it has only one. */
let current: string | null = null;
let underWay = 0;
let waiting: (() => void)[] = [];

/**
 * The command line, called in this process: as the built command, without the start of a process for each call. It
 * can't be told what the process itself does: what it does with signals, streams that are full or closed, the end.
 */
export async function runInProcess({ args, folder, environment, signals, onWritten }: Call): Promise<Finished> {
  while (current !== null && current !== folder) await new Promise<void>((resolve) => waiting.push(resolve));
  if (current === null) process.chdir(folder);
  current = folder;
  underWay += 1;
  try {
    const { host, written } = memoryHost(environment, signals, onWritten);
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

export function memoryHost(
  environment: Call['environment'],
  signals = new EventEmitter(),
  onWritten: Call['onWritten'] = () => {},
) {
  const written = { stdout: '', stderr: '' };
  const sinkOf = (name: keyof typeof written) => {
    const write = (text: string) => {
      written[name] += text;
      onWritten(name, text);
    };
    return { write, offer: write, isTTY: false };
  };
  const secrets = new Secrets();
  secrets.learnValue(environment.COPERNICA_ACCESS_TOKEN ?? '');
  for (const secret of secretsOfNotifyUrl(environment.COPERNICA_WEBHOOKS_NOTIFY ?? '')) secrets.learnValue(secret);
  const stopSignals = catchStopSignals(signals);
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
    stopSignals: () => stopSignals,
    onSignal: (signal, listener) => {
      signals.on(signal, listener);
      return () => void signals.off(signal, listener);
    },
    exitNow: (code) => {
      throw new Error(`ended at once with ${code}: start the built command for this`);
    },
  };
  return { host, written };
}

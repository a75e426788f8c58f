#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Host } from './host.js';
import { EXIT } from './output/exit-code.js';
import { Secrets } from './secrets.js';
import { secretsOfNotifyUrl } from './settings/values.js';
import { catchStopSignals, type StopSignals } from './stop-signals.js';
import { printableLines } from './text/printable.js';
import { textSink } from './text-sink.js';

/** The composition root: the only place that touches `process`. */

let stopSignals: StopSignals | undefined;

function caughtSignals(): StopSignals {
  if (stopSignals === undefined) {
    stopSignals = catchStopSignals(process);
    // By itself Node gives the signals back before the process has ended; process.exit() does not.
    process.once('beforeExit', () => process.exit());
  }
  return stopSignals;
}

// Before anything else: a signal that nobody catches ends the process by itself.
const [commandName] = process.argv.slice(2);
if (commandName === 'run' || commandName === 'apply') caughtSignals();
// One that comes before the daemon listens asks for nothing that the first run does not do.
if (commandName === 'run') process.on('SIGHUP', () => {});
// Each account of the daemon listens.
process.setMaxListeners(0);

// A stack names the files and lines of src/ in what is loaded from here on.
process.setSourceMapsEnabled(true);

const secrets = new Secrets();
secrets.learnValue(process.env.COPERNICA_ACCESS_TOKEN ?? '');
for (const secret of secretsOfNotifyUrl(process.env.COPERNICA_WEBHOOKS_NOTIFY ?? '')) secrets.learnValue(secret);

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const host: Host = {
  // A copy: each look at a variable of process.env is a call of the system's library.
  environment: { ...process.env },
  stdout: textSink(process.stdout, resultLost),
  // Nobody is left to be told.
  stderr: textSink(process.stderr, () => {}),
  pid: process.pid,
  uid: process.geteuid?.() ?? null,
  hostname: hostname(),
  version,
  secrets,
  now: () => new Date(),
  stopSignals: caughtSignals,
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  exitNow: (code) => process.exit(code),
};

let isResultLost = false;

/** May come after the command has ended, since a slow reader is waited for. */
function resultLost(error: unknown): void {
  if (isResultLost) return;
  isResultLost = true;
  const why = error instanceof Error ? error.message : String(error);
  host.stderr.write(`error: the result could not be written (${why}); what was done is recorded\n`);
  process.exitCode = withLostResult(Number(process.exitCode ?? EXIT.done));
}

/** What is graver than a result that nobody has stays so. */
function withLostResult(code: number): number {
  return code === EXIT.done || code === EXIT.changes ? EXIT.failed : code;
}

async function main(): Promise<void> {
  try {
    // Loading takes longer than a signal may go uncaught.
    const { runCli } = await import('./cli.js');
    const code = await runCli(host, process.argv.slice(2));
    process.exitCode = isResultLost ? withLostResult(code) : code;
  } catch (error) {
    // A defect of this program: the stack is for whoever mends it, and like all output it goes without secrets.
    const told = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    host.stderr.write(printableLines(secrets.redact(`internal error, please report it: ${told}\n`)));
    process.exitCode = EXIT.failed;
  }
}

void main();

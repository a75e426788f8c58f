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
    // By default Node releases the signals before the process has ended; process.exit() does not.
    process.once('beforeExit', () => process.exit());
  }
  return stopSignals;
}

// Before anything else: an uncaught signal ends the process.
const [commandName] = process.argv.slice(2);
if (commandName === 'run' || commandName === 'apply') caughtSignals();
// A SIGHUP that arrives before the daemon listens asks for nothing that the first run does not do.
if (commandName === 'run') process.on('SIGHUP', () => {});
// Each account of the daemon adds a listener.
process.setMaxListeners(0);

// Stacks name files and lines of src/ for everything loaded from here on.
process.setSourceMapsEnabled(true);

const secrets = new Secrets();
secrets.learnValue(process.env.COPERNICA_ACCESS_TOKEN ?? '');
for (const secret of secretsOfNotifyUrl(process.env.COPERNICA_WEBHOOKS_NOTIFY ?? '')) secrets.learnValue(secret);

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const host: Host = {
  // A copy, since each access to process.env calls the system's library.
  environment: { ...process.env },
  stdout: textSink(process.stdout, resultLost),
  // Nobody is left to tell.
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

/** May be called after the command has ended, since a slow reader is waited for. */
function resultLost(error: unknown): void {
  if (isResultLost) return;
  isResultLost = true;
  const why = error instanceof Error ? error.message : String(error);
  host.stderr.write(`error: the result could not be written (${why}); what was done is recorded\n`);
  process.exitCode = withLostResult(Number(process.exitCode ?? EXIT.done));
}

/** A lost result does not replace a graver exit code. */
function withLostResult(code: number): number {
  return code === EXIT.done || code === EXIT.changes ? EXIT.failed : code;
}

async function main(): Promise<void> {
  try {
    // Loaded late: a signal must not go uncaught for as long as this takes.
    const { runCli } = await import('./cli.js');
    const code = await runCli(host, process.argv.slice(2));
    process.exitCode = isResultLost ? withLostResult(code) : code;
  } catch (error) {
    // A bug of this program: the stack is for whoever fixes it, and like all output it contains no secrets.
    const told = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    host.stderr.write(printableLines(secrets.redact(`internal error, please report it: ${told}\n`)));
    process.exitCode = EXIT.failed;
  }
}

void main();

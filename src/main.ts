import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { runCli } from './cli.js';
import { directSink } from './direct-sink.js';
import type { Host } from './host.js';
import { EXIT } from './output/exit-code.js';
import { Secrets } from './secrets.js';
import { secretsOfNotifyUrl } from './settings/notify-url.js';
import { readableStack } from './stack.js';
import { catchStopSignals, type StopSignals } from './stop-signals.js';

/** The composition root: the only place that touches `process`. */

/** Written in by the build, from package.json. */
declare const PRODUCT_VERSION: string;

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

const secrets = new Secrets();
secrets.learnValue(process.env.COPERNICA_ACCESS_TOKEN ?? '');
for (const secret of secretsOfNotifyUrl(process.env.COPERNICA_WEBHOOKS_NOTIFY ?? '')) secrets.learnValue(secret);

const host: Host = {
  environment: process.env,
  stdout: directSink(1, { openStream: () => process.stdout, onLost: resultLost }),
  // Nobody is left to be told.
  stderr: directSink(2, { openStream: () => process.stderr, onLost: () => {} }),
  pid: process.pid,
  uid: process.geteuid?.() ?? null,
  hostname: hostname(),
  version: PRODUCT_VERSION,
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
function resultLost(error: Error): void {
  if (isResultLost) return;
  isResultLost = true;
  host.stderr.write(`error: the result could not be written (${error.message}); what was done is recorded\n`);
  process.exitCode = withLostResult(Number(process.exitCode ?? EXIT.done));
}

/** What is graver than a result that nobody has stays so. */
function withLostResult(code: number): number {
  return code === EXIT.done || code === EXIT.changes ? EXIT.failed : code;
}

async function main(): Promise<void> {
  try {
    const code = await runCli(host, process.argv.slice(2));
    process.exitCode = isResultLost ? withLostResult(code) : code;
  } catch (error) {
    // A defect of this program: the stack is for whoever mends it, and like all output it goes without secrets.
    const told =
      error instanceof Error ? readableStack(error.stack ?? String(error), dirname(__dirname)) : String(error);
    host.stderr.write(secrets.redact(`internal error, please report it: ${told}\n`));
    process.exitCode = EXIT.failed;
  }
}

/** Resolves when the command has ended, with its exit code in `process.exitCode`. */
export const finished = main();

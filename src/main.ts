#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { runCli } from './cli.js';
import { redactor } from './copernica/redact.js';
import type { Host, TextSink } from './host.js';
import { EXIT } from './output/exit-code.js';

/** The composition root: the only place that touches `process`. */

function sink(stream: NodeJS.WriteStream): TextSink {
  return { write: (text) => void stream.write(text), isTTY: stream.isTTY === true };
}

function ownVersion(): string {
  const about: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : 'unknown';
}

const host: Host = {
  environment: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  pid: process.pid,
  hostname: hostname(),
  version: ownVersion(),
  now: () => new Date(),
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  exitNow: (code) => process.exit(code),
};

// A reader that went away (`| head`) is not our failure: what was sent is recorded all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  process.exitCode = await runCli(host, process.argv.slice(2));
} catch (error) {
  // A defect of this program: the stack is for whoever mends it, and like all output it goes without secrets.
  const redact = redactor([process.env.COPERNICA_ACCESS_TOKEN ?? '']);
  host.stderr.write(
    redact(`internal error, please report it: ${error instanceof Error ? error.stack : String(error)}\n`),
  );
  process.exitCode = EXIT.failed;
}

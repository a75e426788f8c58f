import type { Command } from 'commander';
import { buildProgram } from '../../src/cli.js';
import { Secrets } from '../../src/secrets.js';

const SILENT = { write: () => {}, offer: () => {}, isTTY: false };

/** The command line as it is. Nothing is run. */
export function commandLine(): Command {
  const host = {
    environment: {},
    stdout: SILENT,
    stderr: SILENT,
    pid: 1,
    hostname: 'docs',
    uid: null,
    version: '0.0.0',
    secrets: new Secrets(),
    now: () => new Date(0),
    stopSignals: () => ({ asked: new AbortController().signal, again: new AbortController().signal }),
    onSignal: () => () => {},
    exitNow: (code: number) => {
      throw new Error(`ended with ${code}`);
    },
  };
  return buildProgram(host, () => {});
}

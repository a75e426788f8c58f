import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { startSandbox } from '../sandbox/server.js';
import { parseInteger } from '../settings/values.js';
import type { CommandResult } from './command.js';

const HIGHEST_PORT = 65_535;

export interface SandboxOptions {
  readonly port: string;
  readonly fault?: string[];
}

/** sandbox: serves the stand-in for the API on loopback until SIGINT or SIGTERM. */
export async function sandboxCommand(host: Host, options: SandboxOptions): Promise<CommandResult> {
  const port = parseInteger(options.port, 0, HIGHEST_PORT);
  if (port === undefined) {
    throw productError('input', {
      code: 'bad-setting',
      message: `--port ${JSON.stringify(options.port)} can't be used`,
      remedy: `give a whole number from 0 to ${HIGHEST_PORT}`,
    });
  }
  const sandbox = await startSandbox({ port, faults: options.fault ?? [] });
  host.stdout.write(`sandbox at ${sandbox.url}\n`);
  host.stdout.write(`  COPERNICA_API_URL=${sandbox.url} COPERNICA_ACCESS_TOKEN=${sandbox.token}\n`);
  await new Promise<void>((resolve) => {
    host.onSignal('SIGINT', resolve);
    host.onSignal('SIGTERM', resolve);
  });
  await sandbox.close();
  return {};
}

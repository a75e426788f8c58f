import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { startSandbox } from '../sandbox/server.js';
import { parseInteger } from '../settings/values.js';
import { execute } from './command.js';

const HIGHEST_PORT = 65_535;

/** sandbox: serves the stand-in for the API on loopback until SIGINT or SIGTERM. */
export function sandboxCommand(
  host: Host,
  options: { readonly port: string; readonly faults: readonly string[] },
): Promise<number> {
  return execute(host, { output: 'text' }, async () => {
    const port = parseInteger(options.port, 0, HIGHEST_PORT);
    if (port === undefined) {
      throw productError('input', {
        code: 'bad-setting',
        message: `--port ${JSON.stringify(options.port)} can't be used`,
        remedy: `give a whole number from 0 to ${HIGHEST_PORT}`,
      });
    }
    const sandbox = await startSandbox({ port, faults: [...options.faults] });
    host.stdout.write(`sandbox at ${sandbox.url}\n`);
    host.stdout.write(`  COPERNICA_API_URL=${sandbox.url} COPERNICA_ACCESS_TOKEN=${sandbox.token}\n`);
    await new Promise<void>((resolve) => {
      host.onSignal('SIGINT', resolve);
      host.onSignal('SIGTERM', resolve);
    });
    await sandbox.close();
    return { document: {}, text: '', problems: [], failures: [] };
  });
}

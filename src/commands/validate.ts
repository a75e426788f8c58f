import type { Host } from '../host.js';
import { loadValidManifest } from '../manifest/load.js';
import { printable } from '../manifest/printable.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { execute, type Invocation } from './command.js';

/** validate: checks manifest and settings. Needs no token and no network. */
export function validateCommand(host: Host, invocation: Invocation): Promise<number> {
  return execute(host, invocation, async () =>
    forAccounts(await chosenAccounts(host, invocation), async ({ settings }) => {
      const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
      const count = manifest.entries.length;
      return {
        document: { valid: true, webhooks: count },
        text: `${printable(settings.file)}: ${count} webhook${count === 1 ? '' : 's'}, valid\n`,
        problems: manifest.warnings,
        failures: [],
      };
    }),
  );
}

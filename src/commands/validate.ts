import type { Host } from '../host.js';
import { loadValidManifest } from '../manifest/load.js';
import { printable } from '../text/printable.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';

/** validate: checks manifest and settings. Needs no token and no network. */
export async function validateCommand(host: Host, invocation: Invocation): Promise<CommandResult> {
  return forAccounts(await chosenAccounts(host, invocation), async ({ settings }) => {
    const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
    const count = manifest.entries.length;
    return {
      document: { valid: true, webhooks: count },
      text: `${printable(settings.file)}: ${count} webhook${count === 1 ? '' : 's'}, valid\n`,
      problems: manifest.warnings,
    };
  });
}

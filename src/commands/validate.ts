import type { Host } from '../host.js';
import { loadValidManifest } from '../manifest/load.js';
import { verdictOn } from '../manifest/parse.js';
import { printable } from '../text/printable.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';

/** validate: checks manifest and settings. Needs no token and no network. */
export async function validateCommand(host: Host, invocation: Invocation): Promise<CommandResult> {
  return forAccounts(await chosenAccounts(host, invocation), async ({ settings }) => {
    const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
    const { entries, files, warnings } = manifest;
    return {
      document: { valid: true, webhooks: entries.length, files },
      text: `${printable(settings.file)}: ${verdictOn(manifest)}\n`,
      problems: warnings,
    };
  });
}

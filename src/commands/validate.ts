import type { Host } from '../host.js';
import { loadValidManifest, type ValidManifest } from '../manifest/load.js';
import { printable } from '../text/printable.js';
import { counted } from '../text/words.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';

/** validate: checks manifest and settings. Needs no token and no network. */
export async function validateCommand(host: Host, invocation: Invocation): Promise<CommandResult> {
  return forAccounts(await chosenAccounts(host, invocation), async ({ settings }) => {
    const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
    const { entries, files, warnings } = manifest;
    return {
      document: { valid: true, webhooks: entries.length, files },
      text: `${printable(settings.file)}: ${foundText(manifest)}\n`,
      problems: warnings,
    };
  });
}

/** How much was checked, and the result. */
function foundText({ entries, files, warnings }: ValidManifest): string {
  const webhooks = counted(entries.length, 'webhook') + (files === 1 ? '' : ` in ${files} files`);
  return `${webhooks}, ${warnings.length === 0 ? 'no problems' : `no errors, ${counted(warnings.length, 'warning')}`}`;
}

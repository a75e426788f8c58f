import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { loadValidManifest } from '../manifest/load.js';
import { describeSpec } from '../output/plan-text.js';
import { type Imported, importWebhook } from '../reconcile/import.js';
import { parseInteger } from '../settings/values.js';
import { onlyAccount } from './accounts.js';
import { execute, type Invocation } from './command.js';
import { withSession } from './session.js';

/** import: takes over a webhook that exists already, after reading it. The way out of an uncertain create, too. */
export function importCommand(
  host: Host,
  invocation: Invocation,
  asked: { readonly name: string; readonly id: string },
): Promise<number> {
  return execute(host, invocation, async () => {
    const account = await onlyAccount(host, invocation);
    const { settings } = account;
    const id = parseInteger(asked.id, 1, Number.MAX_SAFE_INTEGER);
    if (id === undefined) {
      throw productError('input', {
        code: 'bad-id',
        message: `${JSON.stringify(asked.id)} is no webhook id`,
        remedy: 'give the number that the dashboard or `discover` shows',
      });
    }
    const manifest = await loadValidManifest(settings.file, host.environment, host.secrets);
    const entry = manifest.entries.find(({ name }) => name === asked.name);
    if (entry === undefined) {
      throw productError('input', {
        code: 'unknown-name',
        message: `${settings.file} has no entry ${JSON.stringify(asked.name)}`,
        name: asked.name,
        remedy: 'write the entry first, as the webhook is or as it should become; the next `apply` updates it',
      });
    }
    return withSession(host, account, { command: 'import' }, async ({ assembly }) => {
      const done = await importWebhook(assembly.edges, { entry, file: settings.file, id, init: assembly.init });
      const document = { imported: asked.name, id, toDelete: done.former };
      return { document, text: importedText(asked.name, id, done), problems: manifest.warnings, failures: [] };
    });
  });
}

function importedText(name: string, id: number, { kind, spec, former }: Imported): string {
  if (kind === 'settled') return `${name} stays webhook ${id}, and nothing is in doubt about it any more\n`;
  const rest = former === null ? '' : `webhook ${former}, which was its own, is deleted by the next run\n`;
  return `${name} is webhook ${id} now: ${describeSpec(spec)}\n${rest}`;
}

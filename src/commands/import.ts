import { assemble } from '../assemble.js';
import { redactor } from '../copernica/redact.js';
import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { createLog } from '../log.js';
import { loadValidManifest } from '../manifest/load.js';
import { describeSpec } from '../output/plan-text.js';
import { importWebhook } from '../reconcile/import.js';
import { loadSettings, loadToken } from '../settings/load.js';
import { parseInteger } from '../settings/values.js';
import { execute, type Invocation } from './command.js';

/** import: takes over a webhook that exists already, after reading it. The way out of an uncertain create, too. */
export function importCommand(
  host: Host,
  invocation: Invocation,
  asked: { readonly name: string; readonly id: string },
): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings, flagged } = await loadSettings({ ...invocation, environment: host.environment });
    const id = parseInteger(asked.id, 1, Number.MAX_SAFE_INTEGER);
    if (id === undefined) {
      throw productError('input', {
        code: 'bad-id',
        message: `${JSON.stringify(asked.id)} is no webhook id`,
        remedy: 'give the number that the dashboard or `discover` shows',
      });
    }
    const manifest = await loadValidManifest(settings.file, host.environment);
    const desired = manifest.entries.find(({ name }) => name === asked.name);
    if (desired === undefined) {
      throw productError('input', {
        code: 'unknown-name',
        message: `${settings.file} has no entry ${JSON.stringify(asked.name)}`,
        name: asked.name,
        remedy: 'write the entry first, as the webhook is or as it should become; the next `apply` updates it',
      });
    }
    const token = await loadToken(host.environment);
    const redact = redactor([token]);
    const log = await createLog({ level: settings.logLevel, format: 'json', color: false, sink: host.stderr, redact });
    const stop = new AbortController().signal;
    const assembly = await assemble({ host, settings, flagged, command: 'import', token, log, stop });
    try {
      const spec = await importWebhook(assembly.edges, { desired, id, init: assembly.init });
      const text = `${asked.name} is webhook ${id} now: ${describeSpec(spec)}\n`;
      return { document: { imported: asked.name, id }, text, problems: manifest.warnings, failures: [] };
    } finally {
      await assembly.close();
    }
  });
}

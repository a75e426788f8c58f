import { hider, type Redact } from '../copernica/redact.js';
import { type Problem, productError } from '../errors.js';
import type { Host } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { describeSpec } from '../output/plan-text.js';
import { type Imported, importWebhook } from '../reconcile/import.js';
import { parseInteger } from '../settings/values.js';
import { HIGHEST_WEBHOOK_ID, maskHandler, type WebhookSpec } from '../webhook.js';
import { onlyAccount } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { withProgress } from './progress.js';
import { withSession } from './session.js';

/** import: takes over an existing webhook after reading it. Also settles an uncertain create. */
export async function importCommand(
  host: Host,
  invocation: Invocation,
  asked: { readonly name: string; readonly id: string },
): Promise<CommandResult> {
  const account = await onlyAccount(host, invocation);
  const { settings } = account;
  const id = parseInteger(asked.id, 1, HIGHEST_WEBHOOK_ID);
  if (id === undefined) {
    const isOtherWayRound = parseInteger(asked.name, 1, HIGHEST_WEBHOOK_ID) !== undefined;
    throw productError('input', {
      code: 'bad-id',
      message: `${JSON.stringify(asked.id)} is not a webhook id`,
      remedy: isOtherWayRound
        ? `the name comes first: import ${asked.id} ${asked.name}`
        : `give the number that the dashboard or \`discover\` shows; an id is at most ${HIGHEST_WEBHOOK_ID}`,
    });
  }
  const done = await withProgress(host, [account], (shownHost, during) =>
    during(account, (onProgress) =>
      withSession(shownHost, account, { command: 'import' }, ({ reconciler: { ports, init } }) => {
        onProgress({ phase: 'asking' });
        return importWebhook(ports, { name: asked.name, file: settings.file, id, init });
      }),
    ),
  );
  return {
    document: { imported: asked.name, id, toDelete: done.former },
    text: importedText(asked.name, id, done, hider(fillableValues(host.environment))),
    problems: [...done.warnings, ...uncheckedWarnings(asked.name, id, done)],
  };
}

function importedText(name: string, id: number, done: Imported, hideValues: Redact): string {
  const { kind, spec, former, unchecked } = done;
  const { database, collection, ...rest } = spec;
  const seen: WebhookSpec = {
    ...rest,
    ...(database === undefined || unchecked.includes('database') ? {} : { database }),
    ...(collection === undefined || unchecked.includes('collection') ? {} : { collection }),
  };
  if (kind === 'settled') return `${name} is still webhook ${id}, and nothing about it is uncertain any more\n`;
  const deleted = former === null ? '' : `the next run deletes webhook ${former}, which it had before\n`;
  const handler = done.handlerAsWritten ?? hideValues(maskHandler(spec.handler));
  return `${name} is now webhook ${id}: ${describeSpec(handler, seen)}\n${deleted}`;
}

/** Warns of what was taken from the manifest on trust: if it is wrong, handlers get no events, or too many. */
function uncheckedWarnings(name: string, id: number, { spec, unchecked }: Imported): Problem[] {
  if (unchecked.length === 0) return [];
  const limits = unchecked.map((field) => `${field} ${spec[field]}`).join(' and ');
  return [
    {
      code: 'import-unchecked',
      severity: 'warning',
      message: `the account does not show the ${unchecked.join(' and ')} of a webhook, so it could not be checked that ${id} has ${limits}`,
      name,
      remedy: `compare with the dashboard; if it differs, run "forget ${name}", write what the dashboard shows into the manifest, import it again, and then edit the entry`,
    },
  ];
}

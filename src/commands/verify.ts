import { randomUUID } from 'node:crypto';
import type { AnswerFacts } from '../copernica/answer-facts.js';
import type { ApiCall } from '../copernica/client.js';
import { verified } from '../doctor/verify.js';
import { productError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { handlerComplaint } from '../manifest/handler.js';
import { unknownAccount } from '../output/account.js';
import { formatVerified, verifyJson, verifyProblems } from '../output/verify.js';
import { verifyAccount } from '../reconcile/verify.js';
import { parseInteger } from '../settings/values.js';
import { onlyAccount } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { withSession, withStopOnSignal } from './session.js';

export interface VerifyCommandOptions {
  readonly handler: string;
  readonly database?: string;
}

/** verify: makes two webhooks in the account, checks that all is as this program expects, and deletes them. */
export async function verifyCommand(
  host: Host,
  invocation: Invocation,
  options: VerifyCommandOptions,
): Promise<CommandResult> {
  const account = await onlyAccount(host, invocation);
  const { settings } = account;
  const about = { handler: usableHandler(options.handler), database: databaseOf(options), mark: randomUUID() };
  const answers = new Map<ApiCall, AnswerFacts>();
  const onAnswer = (call: ApiCall, facts: AnswerFacts) => void answers.set(call, facts);
  const takeFacts = (call: ApiCall) => {
    const facts = answers.get(call) ?? null;
    answers.delete(call);
    return facts;
  };
  return withStopOnSignal(host, [account], (stop) =>
    withSession(host, account, { command: 'verify', stop, onAnswer }, async ({ reconciler }) => {
      const { concurrency, timeoutMs, settleMs } = settings;
      const common = { init: reconciler.init, concurrency, timeoutMs, settleMs, stop, takeFacts };
      const done = await verifyAccount(reconciler.ports, { ...about, ...common });
      const rows = verified(done.observations, done.sent);
      const { apiUrl } = reconciler;
      const account = { ...unknownAccount({ ...settings, apiUrl }), ...done.account };
      const target = { account, apiVersion: settings.apiVersion, version: host.version };
      const problems = [...verifyProblems(rows), ...done.left];
      const color = wantsColor(host.stdout, host.environment);
      return {
        document: verifyJson(target, rows),
        text: formatVerified(target, rows, { color, leavesNothing: done.left.length === 0 }),
        // For people the table shows what differs.
        problems: invocation.output === 'json' ? problems : problems.filter(({ code }) => code !== 'verify-otherwise'),
        failures: problems.length > 0 ? ['failed'] : [],
      };
    }),
  );
}

function usableHandler(handler: string): string {
  const complaint = handlerComplaint(handler);
  if (complaint === null) return handler;
  const { message, remedy } = complaint;
  throw productError('input', { code: 'bad-handler', message: `--handler: ${message}`, remedy });
}

function databaseOf({ database }: VerifyCommandOptions): number | null {
  if (database === undefined) return null;
  const id = parseInteger(database, 1, Number.MAX_SAFE_INTEGER);
  if (id !== undefined) return id;
  throw productError('input', {
    code: 'bad-id',
    message: `${JSON.stringify(database)} is not the id of a database`,
    remedy: 'give the number that the dashboard shows',
  });
}

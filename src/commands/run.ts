import { checkSchedule } from '../daemon/cron.js';
import { type Problem, ProductError } from '../errors.js';
import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import type { AccountSettings } from '../settings/resolve.js';
import { runAccount } from './account-daemon.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { execute, type Invocation } from './command.js';
import { openLog, sharedPace } from './session.js';

/** run: the daemon, for each account at once. Logs to stdout; ends with 0 when it was told to stop. */
export function runCommand(host: Host, invocation: Invocation): Promise<number> {
  return execute(host, invocation, async () => {
    const accounts = await chosenAccounts(host, invocation);
    // Their shape was checked with the settings; whether they name times is known where schedules are made.
    for (const { settings } of accounts) checkSchedule(settings.schedule);
    const pacerFor = sharedPace();
    return forAccounts(accounts, async (account) => {
      try {
        const ended = await runAccount(host, account, { pacerFor });
        if (ended === 'cut-short') host.exitNow(EXIT.done);
        return { ...NOTHING_TO_SAY, failures: [] };
      } catch (error) {
        // Of several, one that can't begin is told now, not when the others have ended.
        if (!(error instanceof ProductError) || account.name === null) throw error;
        await logProblems(host, account, error.problems);
        return { ...NOTHING_TO_SAY, failures: [error.kind] };
      }
    });
  });
}

const NOTHING_TO_SAY = { document: {}, text: '', problems: [] };

async function logProblems(host: Host, { name, settings }: AccountSettings, problems: readonly Problem[]) {
  const log = await openLog(host, settings, host.stdout);
  for (const { code, message, remedy } of problems) log.error({ account: name, code, remedy }, message);
  log.error({ account: name }, 'this account is not kept until the program is started anew');
}

import { semaphore } from '../concurrent.js';
import { SharedDispatchers } from '../copernica/dispatcher.js';
import { Commits } from '../daemon/commit.js';
import { Schedules } from '../daemon/cron.js';
import { Elections } from '../daemon/elections.js';
import { FolderEvents } from '../daemon/folder-events.js';
import { type Problem, ProductError } from '../errors.js';
import type { Host } from '../host.js';
import { logProblem } from '../log.js';
import { EXIT } from '../output/exit-code.js';
import type { AccountSettings } from '../settings/resolve.js';
import { databaseKey, leadLeases } from '../state-store.js';
import { openStatus, type Status } from '../status/status.js';
import { onAbort } from '../stop-signals.js';
import { runAccount } from './account-daemon.js';
import { type Notices, openNotices } from './account-notices.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { type CommandResult, execute, type Invocation } from './command.js';
import { openLog, sharedBreakers } from './session.js';

/**
 * Runs of all accounts at a time. Each has `--concurrency` connections to the API, state and live webhooks in memory,
 * and statements for the database: if a thousand accounts began at once, most would only wait.
 */
const RUNS_AT_A_TIME = 20;

/** Each may parse a manifest: a thousand in a row would keep the process from hearing the database for seconds. */
const LOOKS_AT_A_TIME = 20;

/** After a second signal, nothing that still hangs is waited for any longer. */
const MOST_WAIT_AFTER_SECOND_SIGNAL_MS = 1_000;

/** run: the daemon, for all accounts at once. Logs to stdout; ends with 0 when it was told to stop. */
export async function runCommand(host: Host, invocation: Invocation): Promise<number> {
  const { again } = host.stopSignals();
  onAbort(again, () => {
    setTimeout(() => host.exitNow(EXIT.done), MOST_WAIT_AFTER_SECOND_SIGNAL_MS).unref();
  });
  const notices: Notices[] = [];
  let isCutShort = false;
  const code = await execute(host, invocation.output, async () => {
    const accounts = await chosenAccounts(host, invocation);
    const status = await openStatusOf(host, accounts);
    const onCutShort = () => {
      isCutShort = true;
    };
    try {
      return await runAll(host, accounts, { status, notices, onCutShort });
    } finally {
      if ((await Promise.all(notices.map((each) => each.close()))).includes(false)) isCutShort = true;
      await status.close();
    }
  });
  // Otherwise a request or a name lookup that hangs would keep the process alive.
  if (isCutShort) host.exitNow(code);
  return code;
}

interface Shared {
  readonly status: Status;
  /** Collects those that are opened; the caller closes them. */
  readonly notices: Notices[];
  /** Called when an account ends with something under way, which can go on while the others end. */
  readonly onCutShort: () => void;
}

async function runAll(
  host: Host,
  accounts: readonly AccountSettings[],
  { status, notices, onCutShort }: Shared,
): Promise<CommandResult> {
  const shared = {
    breakerFor: sharedBreakers(),
    dispatchers: new SharedDispatchers(),
    runs: semaphore(RUNS_AT_A_TIME),
    looks: semaphore(LOOKS_AT_A_TIME),
    electionsFor: sharedElections(host),
    events: new FolderEvents(),
    commits: new Commits(),
    schedules: new Schedules(),
  };
  let isAllOver = true;
  const result = await forAccounts(accounts, async (account) => {
    const { name, settings } = account;
    const target = settings.sandbox ? 'the built-in sandbox' : settings.apiUrl;
    const reporter = status.account({ name, target, file: settings.file, schedule: settings.schedule });
    try {
      const opened = await openNotices(host, account, reporter);
      notices.push(opened);
      const { stopping: onStopping } = opened;
      const ended = await runAccount(host, account, { ...shared, status: reporter, onStopping });
      if (ended === 'cut-short') {
        isAllOver = false;
        onCutShort();
      }
      return {};
    } catch (error) {
      // With several accounts, one that can't begin is reported now, not when the others have ended.
      if (!(error instanceof ProductError) || name === null) throw error;
      reporter.couldNotBegin(error);
      logProblems(host, account, error.problems);
      return { failures: [error.kind] };
    }
  });
  if (isAllOver) await shared.dispatchers.close();
  return result;
}

/** One for each database: one look covers all accounts with states there. */
function sharedElections(host: Host): (account: AccountSettings) => Promise<Elections | null> {
  const known = new Map<string, Promise<Elections>>();
  return async ({ settings, statePlace: place }) => {
    if (settings.sandbox || place.kind === 'file') return null;
    const key = databaseKey(place);
    const found = known.get(key) ?? leadLeases(host, place, settings.leaseMs).then((leases) => new Elections(leases));
    known.set(key, found);
    return found;
  };
}

/** One status server for the process: all accounts have the same address for it. */
async function openStatusOf(host: Host, [account]: readonly AccountSettings[]): Promise<Status> {
  if (account === undefined) throw new Error('there is no account');
  const { settings } = account;
  const log = openLog(host, settings, host.stdout);
  const { version, now, secrets } = host;
  const { listen, allowedHosts = [], sandbox } = settings;
  return openStatus({ listen, allowedHosts, anyPort: sandbox, version, now, log, redact: secrets.redact });
}

function logProblems(host: Host, { name, settings }: AccountSettings, problems: readonly Problem[]) {
  const log = openLog(host, settings, host.stdout);
  for (const problem of problems) logProblem(log, problem, { account: name });
  log.error({ account: name }, 'this account is not managed until the program is restarted');
}

import { type Problem, productError } from '../errors.js';
import type { Host } from '../host.js';
import { discoveredManifest, doublesFound } from '../plan/discovered.js';
import { type DiscoverOptions, discover, takeOver } from '../reconcile/discover.js';
import { MOST_IDS } from '../recovery/duplicates.js';
import { parseInteger } from '../settings/values.js';
import type { IdRange, State } from '../state/state.js';
import { stateStore } from '../state-store.js';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';
import { onlyAccount } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { withProgress } from './progress.js';
import { type Session, withSession, withStopOnSignal } from './session.js';

export interface DiscoverCommandOptions {
  readonly from?: string;
  readonly to?: string;
  readonly writeState?: true;
}

/** discover: finds existing webhooks and prints them as a manifest. After a signal, what was found so far is kept. */
export async function discoverCommand(
  host: Host,
  invocation: Invocation,
  options: DiscoverCommandOptions,
): Promise<CommandResult> {
  const account = await onlyAccount(host, invocation);
  const range = rangeOf(options);
  const state = await (await stateStore(host, account)).read();
  const writeState = options.writeState === true;
  return withProgress(host, [account], (shownHost, during) =>
    withStopOnSignal(shownHost, [account], (stop) =>
      during(account, (onProgress) =>
        withSession(shownHost, account, { command: 'discover', stop }, (session) =>
          discoverIn(session, { range, state, stop, onProgress, writeState }),
        ),
      ),
    ),
  );
}

async function discoverIn(
  { settings, log, reconciler }: Session,
  options: Omit<DiscoverOptions, 'concurrency' | 'file'> & {
    readonly state: State | null;
    readonly writeState: boolean;
  },
): Promise<CommandResult> {
  const { concurrency, file } = settings;
  const { found, incomplete, warnings } = await discover(reconciler.ports, options.state, {
    ...options,
    concurrency,
    file,
  });
  if (options.writeState) {
    const taken = await takeOver(reconciler.ports, found, { init: reconciler.init });
    log.info({ taken }, 'took the webhooks over into the state');
  }
  const document = {
    webhooks: found.map(({ webhook, handlerAsWritten = webhook.handler, mayBe, ...rest }) => {
      return { ...webhook, ...rest, mayBe: mayBe.map(({ name }) => name), handler: handlerAsWritten };
    }),
  };
  const text = discoveredManifest(found);
  const problems = [...warnings, ...doublesFound(found)];
  if (incomplete === null) return { document, text, problems };
  const problem: Problem = {
    code: 'discover-incomplete',
    severity: 'error',
    message: `not everything was looked at: ${incomplete}`,
    remedy: 'what was found is printed; look at the rest with --from and --to',
  };
  return { document, text, problems: [...problems, problem], failures: ['failed'] };
}

function rangeOf({ from, to }: DiscoverCommandOptions): IdRange | null {
  if (from === undefined && to === undefined) return null;
  const first = parseInteger(from ?? '', 1, HIGHEST_WEBHOOK_ID);
  const last = parseInteger(to ?? '', 1, HIGHEST_WEBHOOK_ID);
  if (first !== undefined && last !== undefined && first <= last && last - first < MOST_IDS)
    return { from: first, to: last };
  throw productError('input', {
    code: 'bad-range',
    message: `--from ${from ?? '(none)'} --to ${to ?? '(none)'} is not a range of ids`,
    remedy: `give both, the lower first, for at most ${MOST_IDS} ids; an id is at most ${HIGHEST_WEBHOOK_ID}`,
  });
}

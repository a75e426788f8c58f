import { resolve } from 'node:path';
import { productError } from '../errors.js';
import { type Host, holderOf } from '../host.js';
import { type StatePlace, shownPlace, statePlaceOf, whyNoStatePlace } from '../settings/state-place.js';
import { type CopyPlace, copyState } from '../state/copy.js';
import { migrateState, stateStore, warnOfClearText } from '../state-store.js';
import { counted } from '../text/words.js';
import { chosenAccounts, onlyAccount } from './accounts.js';
import { type CommandResult, type Invocation, usageError } from './command.js';
import { openLog } from './session.js';

/** state copy: moves a state to another place, under the locks of both. From then on the old one refuses writers. */
export async function stateCopyCommand(
  host: Host,
  invocation: Invocation,
  asked: { readonly from: string; readonly to: string },
): Promise<CommandResult> {
  const account = await onlyAccount(host, invocation);
  const { settings } = account;
  const log = openLog(host, settings, host.stderr);
  const placeOf = (operand: string, text: string) => {
    const why = whyNoStatePlace(text);
    // Its password is not known yet, so the text is not quoted.
    if (why !== null) throw usageError(`${operand}: it ${why}`);
    const place = statePlaceOf(text, account.name);
    if (place.kind === 'postgres') host.secrets.learnValue(place.password ?? host.environment.PGPASSWORD ?? '');
    warnOfClearText(place, log);
    return place;
  };
  const [from, to] = [placeOf('FROM', asked.from), placeOf('TO', asked.to)];
  if (toldPlace(from) === toldPlace(to)) throw usageError(`FROM and TO are both ${shownPlace(to)}`);
  const take = async (place: StatePlace, mayBegin: boolean): Promise<CopyPlace> => {
    const store = await stateStore(host, { statePlace: place, settings });
    const holder = holderOf(host, 'state copy');
    const lease = await store.take({ holder, timeoutMs: settings.lockTimeoutMs, mayBegin, mayHaveMoved: true });
    return { lease, told: toldPlace(place), now: host.now };
  };
  const source = await take(from, false);
  try {
    if ((await source.lease.open()) === null) throw nothingToCopy(shownPlace(from));
    const target = await take(to, true);
    try {
      const { done, webhooks } = await copyState(source, target);
      const what = counted(webhooks, 'webhook');
      const text =
        done === 'copied'
          ? `copied the state from ${shownPlace(from)} to ${shownPlace(to)}: ${what}`
          : `the state was copied to ${shownPlace(to)} before: ${what} there now`;
      return { text: `${text}\n${shownPlace(from)} now refuses writers; give the new place with --state\n` };
    } finally {
      await target.lease.release();
    }
  } finally {
    await source.lease.release();
  }
}

/** Meaningful wherever it is read: an absolute path, or a URL without its password. */
function toldPlace(place: StatePlace): string {
  return place.kind === 'file' ? resolve(place.path) : shownPlace(place);
}

function nothingToCopy(place: string) {
  return productError('refused', {
    code: 'state-missing',
    message: `there is no state in ${place}, so there is nothing to copy`,
    remedy: 'check the first of the two places',
  });
}

/** state migrate: brings the database's schema up to date, for programs that may not do so themselves. */
export async function stateMigrateCommand(host: Host, invocation: Invocation): Promise<CommandResult> {
  const lines: string[] = [];
  // One after another: many accounts may be in one database.
  for (const account of await chosenAccounts(host, invocation)) {
    const place = shownPlace(account.statePlace);
    const migrated = await migrateState(host, account);
    if (migrated === null) lines.push(`${place} is a file, which needs no migration`);
    else if (migrated.from === migrated.to) lines.push(`${place} has schema version ${migrated.to} already`);
    else lines.push(`${place} has schema version ${migrated.to} now; it had ${migrated.from ?? 'none'}`);
  }
  return { text: `${[...new Set(lines)].join('\n')}\n` };
}

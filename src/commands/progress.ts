import type { Host } from '../host.js';
import { accountsText, progressText } from '../output/progress.js';
import type { OnProgress, Progress } from '../plan/progress.js';
import type { AccountSettings } from '../settings/resolve.js';
import { liveLine } from './live-line.js';

/** Work that takes less than `afterMs` shows nothing. On a terminal progress is rewritten, elsewhere logged. */
const SHOWN = { afterMs: 2_000, rewrittenEveryMs: 500, loggedEveryMs: 10_000 } as const;

export interface Clock {
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Calls `tick` until the returned function is called. */
  every(ms: number, tick: () => void): () => void;
}

const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};

/** Does the work on one account, and shows its progress until it has ended. */
export type During = <T>(account: AccountSettings, work: (onProgress: OnProgress) => Promise<T>) => Promise<T>;

/**
 * Shows on stderr how far the work on these accounts is. The work must write through the host it is given: on a
 * terminal that output appears above the progress line.
 */
export async function withProgress<T>(
  host: Host,
  accounts: readonly AccountSettings[],
  work: (host: Host, during: During) => Promise<T>,
  clock: Clock = REAL_CLOCK,
): Promise<T> {
  const [first] = accounts;
  if (first === undefined) throw new Error('there is no account to work on');
  const begunAt = clock.now();
  const atWork = new Map<AccountSettings, { readonly progress: Progress; readonly since: number }>();
  let done = 0;
  const during: During = async (account, workOnIt) => {
    try {
      return await workOnIt((progress) => {
        const last = atWork.get(account);
        const since = last !== undefined && goesOn(last.progress, progress) ? last.since : clock.now();
        atWork.set(account, { progress, since });
      });
    } finally {
      atWork.delete(account);
      done += 1;
    }
  };
  const text = () => {
    const rows = [...atWork].map(([{ name }, { progress, since }]) => {
      return { account: name ?? '', text: progressText(progress, clock.now() - since) };
    });
    return accounts.length === 1 ? (rows[0]?.text ?? '') : accountsText({ done, of: accounts.length }, rows);
  };
  if (!host.stderr.isTTY || host.environment.TERM === 'dumb') {
    // Loaded with the first line: most commands end before that.
    const log = async (line: string) => {
      const { openLog } = await import('./session.js');
      openLog(host, first.settings, host.stderr).info(line);
    };
    let logged: Promise<unknown> = Promise.resolve();
    const stop = clock.every(SHOWN.loggedEveryMs, () => {
      if (text() !== '') logged = log(text());
    });
    try {
      return await work(host, during);
    } finally {
      stop();
      await logged;
    }
  }
  const line = liveLine(host, text);
  const stop = clock.every(SHOWN.rewrittenEveryMs, () => {
    if (clock.now() - begunAt >= SHOWN.afterMs) line.show();
  });
  return work(line.host, during).finally(() => {
    stop();
    line.clear();
  });
}

/** The same work, further on. Another round starts from the beginning. */
function goesOn(last: Progress, now: Progress): boolean {
  if (last.phase !== now.phase) return false;
  return !('done' in last && 'done' in now) || now.done >= last.done;
}

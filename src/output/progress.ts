import type { Progress } from '../plan/progress.js';
import { printable } from '../text/printable.js';
import { roughDuration } from '../text/rough-duration.js';

/** How many of several busy accounts are shown individually. */
const MOST_ACCOUNTS_SHOWN = 3;

/** `applying: 12 of 30, about 90 s left`. `forMs`: how long this has taken so far. */
export function progressText(progress: Progress, forMs: number): string {
  switch (progress.phase) {
    case 'locking':
      return `waiting for the lock on the state, ${roughDuration(forMs)}`;
    case 'asking':
      return `asking Copernica, ${roughDuration(forMs)}`;
    case 'checking':
      return `checking, ${roughDuration(forMs)}`;
    case 'reading':
      return `reading webhooks: ${countText(progress, forMs)}`;
    case 'looking':
      return `looking for webhooks: ${countText(progress, forMs)}`;
    case 'applying':
      return `applying: ${countText(progress, forMs)}`;
    case 'settling': {
      const leftMs = Math.max(0, progress.waitMs - forMs);
      return `waiting until the server can no longer act on a lost request, ${roughDuration(leftMs)} left`;
    }
  }
}

function countText({ done, of }: { readonly done: number; readonly of: number }, forMs: number): string {
  const count = `${Math.min(done, of)} of ${of}`;
  if (done === 0 || done >= of) return `${count}, ${roughDuration(forMs)}`;
  return `${count}, about ${roughDuration((forMs / done) * (of - done))} left`;
}

/** For several accounts: how many are done, and what the first of the others are doing. */
export function accountsText(
  accounts: { readonly done: number; readonly of: number },
  atWork: readonly { readonly account: string; readonly text: string }[],
): string {
  const shown = atWork.slice(0, MOST_ACCOUNTS_SHOWN).map(({ account, text }) => `${printable(account)}: ${text}`);
  const more = atWork.length - shown.length;
  return [
    `${accounts.done} of ${accounts.of} accounts done`,
    ...shown,
    ...(more > 0 ? [`and ${more} more at work`] : []),
  ].join(' · ');
}

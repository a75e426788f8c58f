import type { FailureKind, Problem } from '../errors.js';
import { ok, problem, problemOf, type Verdict, warning } from './check.js';
import { diskKind } from './disk.js';

export type ScheduleFacts =
  | { readonly ok: false; readonly failure: FailureKind; readonly problems: readonly Problem[] }
  /** When it is due next; null: it is off. */
  | { readonly ok: true; readonly schedule: string; readonly next: Date | null };

export function judgeSchedule(facts: ScheduleFacts): Verdict {
  if (!facts.ok) return problemOf(facts.failure, facts.problems);
  if (facts.next === null) return ok('off: runs at start, on changes of the manifest and on SIGHUP');
  return ok(`${facts.schedule}: next at ${facts.next.toISOString()}`);
}

export interface WatchingFacts {
  /** --poll: no events are asked for. */
  readonly poll: boolean;
  /** Where events come from, as Linux names the file system; null: nobody says. */
  readonly fileSystem: string | null;
  /** Null: a watch was granted. */
  readonly failure: string | null;
}

const OUT_OF_WATCHES: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

export function judgeWatching({ poll, fileSystem, failure }: WatchingFacts): Verdict {
  if (poll) return ok('--poll: the manifest is looked at every second');
  if (failure !== null) {
    const raise = 'raise fs.inotify.max_user_watches or max_user_instances, or say --poll';
    return warning(
      `the system tells of no changes in the manifest’s folder (${failure})`,
      OUT_OF_WATCHES.has(failure) ? raise : 'say --poll; without it the file is looked at every 2 s',
    );
  }
  const kind = diskKind(fileSystem);
  if (kind !== 'network' && kind !== 'shared') return ok('the system tells of changes in the manifest’s folder');
  return warning(
    `the manifest is on ${fileSystem}, which tells of no changes that others make`,
    'say --poll; without it the file is looked at every 2 s',
  );
}

export type ListenFacts =
  | { readonly kind: 'off' }
  | { readonly kind: 'free' | 'ours'; readonly address: string }
  | { readonly kind: 'in-use'; readonly address: string }
  | { readonly kind: 'unusable'; readonly address: string; readonly code: string };

/** For what can't be listened on `run` ends with code 3, so that is what it is here. */
export function judgeListen(facts: ListenFacts): Verdict {
  switch (facts.kind) {
    case 'off':
      return ok('off');
    case 'free':
      return ok(`${facts.address} is free`);
    case 'ours':
      return ok(`${facts.address} is served by a daemon of this program`);
    case 'in-use':
      return problem(
        `${facts.address} is in use by another program`,
        'end that one, or say --listen with another port, or off',
        'input',
      );
    case 'unusable':
      return problem(
        facts.code === 'EACCES'
          ? `${facts.address} may not be used by this user`
          : `${facts.address} can’t be listened on here (${facts.code})`,
        'say --listen with an address of this machine and a port from 1024 on, or off',
        'input',
      );
  }
}

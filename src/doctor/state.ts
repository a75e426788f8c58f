import type { FailureKind, Problem } from '../errors.js';
import { duplicateRemedy, possiblyDuplicated } from '../recovery/duplicates.js';
import { rangesText } from '../state/ranges.js';
import type { State } from '../state/state.js';
import { ok, problem, problemOf, type Verdict, warning } from './check.js';
import { type DiskKind, diskKind } from './disk.js';
import { counted } from './manifest.js';

interface Failed {
  readonly failure: FailureKind;
  readonly problems: readonly Problem[];
}

/** What was found by making a folder of its own beside the state file, and removing it again. */
export type StateFolderFacts =
  | ({ readonly kind: 'failed' } & Failed)
  | {
      readonly kind: 'usable';
      readonly folder: string;
      /** As Linux names it: `ext4`, `tmpfs`. */
      readonly fileSystem: string | null;
      /** Null: the system does not say. */
      readonly freeBytes: number | null;
      /** `works`: a second one was refused while the first was held, and granted after. */
      readonly locks: 'works' | 'does-not-exclude' | Failed;
      /** How long a flush took, in milliseconds, or why there was none. */
      readonly flush: { readonly ms: number } | { readonly code: string };
    };

type Usable = Extract<StateFolderFacts, { kind: 'usable' }>;

/** Below `little` a warning, below `least` a problem: a compaction writes the state anew beside the old one. */
const FREE_BYTES = { little: 64 * 1024 * 1024, least: 1024 * 1024 } as const;
/** A disk that takes longer makes each create slow. */
const SLOW_FLUSH_MS = 1_000;

export function judgeStateFolder(facts: StateFolderFacts): Verdict {
  if (facts.kind === 'failed') return problemOf(facts.failure, facts.problems);
  return ok(`${facts.folder} is there, and this user can write in it`);
}

const DISKS: Readonly<Record<DiskKind, (type: string) => Verdict>> = {
  memory: (type) =>
    warning(`in memory (${type}): it is lost at a restart`, 'keep the state on a disk, or mount a volume there'),
  'container-layer': (type) =>
    warning(
      `the container’s own layer (${type}): it is lost with the container`,
      'mount a volume on the folder of the state',
    ),
  network: (type) =>
    warning(
      `a network file system (${type}): locks and flushes are worth what its server makes of them`,
      'keep it on a local disk, or have one process only, and NFS 4',
    ),
  shared: (type) =>
    warning(
      `shared with another system (${type}): its locks may not hold there, and its flushes not reach a disk`,
      'use a volume of the container engine, or a local disk',
    ),
  local: (type) => ok(`a local disk (${type})`),
  unknown: () => ok('this system does not say what kind of disk it is'),
};

export function judgeStateDisk({ fileSystem }: Pick<Usable, 'fileSystem'>): Verdict {
  return DISKS[diskKind(fileSystem)](fileSystem ?? '');
}

export function judgeStateSpace({ freeBytes }: Pick<Usable, 'freeBytes'>): Verdict {
  if (freeBytes === null) return ok('this system does not say how much is free');
  const free = `${megabytes(freeBytes)} MB free`;
  const remedy = 'make room: with a full disk nothing is created';
  if (freeBytes < FREE_BYTES.least) return problem(free, remedy);
  return freeBytes < FREE_BYTES.little ? warning(free, remedy) : ok(free);
}

function megabytes(bytes: number): string {
  return Math.floor(bytes / (1024 * 1024)).toLocaleString('en');
}

export function judgeStateLocks({ locks }: Pick<Usable, 'locks'>): Verdict {
  if (locks === 'works') return ok('a lock there shuts others out, and is given back');
  if (locks !== 'does-not-exclude') return problemOf(locks.failure, locks.problems);
  return problem(
    'a second lock was granted while the first was held: two processes could make everything twice',
    'keep the state file on a local disk, or on a network file system with locks (NFS 4)',
  );
}

export function judgeStateFlush({ flush }: Pick<Usable, 'flush'>): Verdict {
  if ('code' in flush) {
    return problem(`what is written can’t be flushed to disk (${flush.code})`, 'check the disk, or take another one');
  }
  if (flush.ms < SLOW_FLUSH_MS) return ok(`what is written can be flushed to disk, in ${flush.ms} ms`);
  return warning(`a flush to disk took ${flush.ms} ms: each create waits for two`, 'take a faster disk');
}

export type StateHolderFacts =
  | { readonly kind: 'free' }
  /** `by`: null where nobody is named. */
  | { readonly kind: 'held'; readonly by: string | null }
  | ({ readonly kind: 'failed' } & Failed);

export function judgeStateHolder(facts: StateHolderFacts): Verdict {
  switch (facts.kind) {
    case 'free':
      return ok('held by nobody now');
    case 'held':
      return ok(`held now by ${facts.by ?? 'another process'}: a second one waits, or is refused`);
    case 'failed':
      return problemOf(facts.failure, facts.problems);
  }
}

export type StateFileFacts =
  | { readonly kind: 'missing'; readonly init: boolean; readonly isMount: boolean }
  | ({ readonly kind: 'failed' } & Failed)
  | {
      readonly kind: 'state';
      readonly state: State;
      /** As in `chmod`. */
      readonly mode: number;
      readonly isWritable: boolean;
      /** It is itself a mount, rather than a file in one. */
      readonly isMount: boolean;
    };

type Read = Extract<StateFileFacts, { kind: 'state' }>;

const ITSELF_A_MOUNT = {
  message: 'the state file is itself a mount: it can’t be replaced when it is written anew, and its lock stays outside',
  remedy: 'mount its folder instead',
};

export function judgeStateFile(facts: StateFileFacts, file: string): Verdict {
  if (facts.kind === 'failed') return problemOf(facts.failure, facts.problems);
  if (facts.kind === 'missing') {
    if (facts.isMount) return warning(`${file}: nothing in it yet; ${ITSELF_A_MOUNT.message}`, ITSELF_A_MOUNT.remedy);
    if (facts.init) return ok(`${file}: none yet; --init begins one`);
    return warning(
      `${file}: nothing was recorded yet, so everything counts as new`,
      'the first `apply` wants --init; if there was a state before, restore it',
    );
  }
  if (!facts.isWritable) {
    return problem(`${file} can’t be written by this user`, 'let the user that runs this own the file');
  }
  if (facts.isMount) return warning(ITSELF_A_MOUNT.message, ITSELF_A_MOUNT.remedy);
  return ok(`${file}: whole, ${counted(facts.state.entries.size, 'webhook')}`);
}

const OTHERS = 0o077;

export function judgeStateMode({ mode }: Pick<Read, 'mode'>): Verdict {
  const shown = mode.toString(8).padStart(4, '0');
  if ((mode & OTHERS) === 0) return ok(`mode ${shown}: its owner’s alone`);
  return warning(
    `mode ${shown}: others can read or write it, and handlers in it can hold secrets`,
    'chmod 600 it; the next `apply` does so by itself where it can',
  );
}

/** Of several, so many are named. */
const MOST_NAMED = 5;

export function judgeUncertain({ state }: Pick<Read, 'state'>): Verdict {
  const names = [...new Set([...state.intents.values()].map(({ name }) => name))].sort();
  if (names.length === 0) return ok('none: the outcome of every create is known');
  return warning(
    `${counted(names.length, 'create')} of unknown outcome: ${named(names)}`,
    'the next `apply` looks for each; what stays: find it with `discover`, then `import NAME ID`, or `forget NAME`',
  );
}

export function judgePossiblyDuplicated({ state }: Pick<Read, 'state'>): Verdict {
  const doubles = possiblyDuplicated(state).sort((a, b) => (a.name < b.name ? -1 : 1));
  const [first] = doubles;
  if (first === undefined) return ok('none');
  const ranges = doubles.map(({ name, ranges: of }) => `${name} (ids ${rangesText(of)})`);
  return warning(`${counted(doubles.length, 'webhook')} may exist twice: ${named(ranges)}`, duplicateRemedy(first));
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

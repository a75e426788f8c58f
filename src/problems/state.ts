import type { ProblemInfo } from './info.js';

/** About the state file and its lock. */
export const STATE = {
  'state-missing': {
    ends: 'refused',
    means:
      'There is no state file, and nobody said that this is the first time. Going on would make every webhook again.',
    remedy:
      'First time: `--init`. Otherwise it was lost: mount its volume or [restore it](operations.md#the-state-is-lost), and don’t say `--init`.',
  },
  'no-state': {
    ends: 'warning',
    means: '`plan` found no state file, so everything counts as new.',
    remedy: 'As for `state-missing`, before the next `apply`.',
  },
  'state-damaged': {
    ends: 'refused',
    means: 'A line of the state file is not what was written there. The file was not touched.',
    remedy: '[Restore it](operations.md#the-state-is-lost). The byte in the message says where to look.',
  },
  'state-newer': {
    ends: 'refused',
    means: 'The state file was written by a newer version of this program.',
    remedy: 'Upgrade to that version or a later one.',
  },
  'state-exists': {
    ends: 'refused',
    means: 'A state file came into being while one was about to be made: another process began at the same time.',
    remedy: 'Run again: the file that is there is used.',
  },
  'state-replaced': {
    ends: 'failed',
    means:
      'The state file was removed, replaced, cut off or written to by something else while it was in use, so what this run recorded may not be in it. Nothing more was sent.',
    remedy:
      'Find out what did that. Put the newest copy back; without it, [find what this run made](operations.md#the-state-is-lost).',
  },
  'state-detached': {
    ends: 'refused',
    means:
      'The state file is mounted by itself, and was replaced or removed where it comes from. The mount leads to the old file, and newer records are in another one.',
    remedy: 'Mount its folder, not the file.',
  },
  'state-failed': {
    ends: 'failed',
    means: 'The system could not read or write the state file: disk full, read-only, no permission, device error.',
    remedy: 'Do what the message says and run again: whatever was sent and not recorded is looked for first.',
  },
  'state-folder-missing': {
    ends: 'failed',
    means:
      'The folder of the state file does not exist. It is not made by itself, as a missing one is more often a volume that is not mounted.',
    remedy: 'Mount the volume, or make the folder, or name another file with `--state`.',
  },
  'state-torn': {
    ends: 'warning',
    means:
      'The last record of the state file was cut off, by a crash or a full disk. It was removed; nothing that was relied on stood in it.',
    remedy: 'Nothing.',
  },
  'state-mode': {
    ends: 'warning',
    means:
      'The state file could be read or written by others; handlers in it can hold secrets. Its mode is 0600 now, where the file system knows modes.',
    remedy: 'Find out who changed it; keep its folder to the user that runs the program.',
  },
  'lock-held': {
    ends: 'refused',
    means: 'Another process works with the state file; the message names it.',
    remedy:
      'Try again when it is done, or wait with `--lock-timeout 60s`. A lock never outlives its process: there is nothing to remove.',
  },
  'lock-foreign': {
    ends: 'refused',
    means:
      'The lock file is not one that this program made: it has other names (hard links), belongs to another user, or is no regular file. Writing who holds the lock into it could overwrite something else.',
    remedy: 'Remove it while nothing runs with this state file: it is made again.',
  },
  'lock-unavailable': {
    ends: 'failed',
    means:
      'The package that locks files can’t be loaded: it was installed on another system, or there is none for this one.',
    remedy: 'Install again on this system. There is one for Linux with glibc, macOS and Windows, on x64 and arm64.',
  },
  'lock-unsupported': {
    ends: 'failed',
    means: 'The file system of the state file has no locks.',
    remedy: 'Keep the state on a local disk, or on a network file system with locks (NFS 4).',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;

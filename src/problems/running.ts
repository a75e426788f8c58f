import type { ProblemInfo } from './info.js';

/** About the process itself, and what only the daemon tells. */
export const RUNNING = {
  stopped: {
    ends: 'failed',
    means: 'The program was asked to stop before it came to this entry.',
    remedy: 'Nothing: it is done at the next run.',
  },
  unhealthy: {
    ends: 'failed',
    means: '`healthcheck` got no answer from the daemon, or a bad one.',
    remedy: 'See the log of the daemon; check that both have the same `--listen`.',
  },
  'no-change-events': {
    ends: 'warning',
    means:
      'The system tells of no changes in the manifest’s folder, so the file is looked at in intervals. In the log.',
    remedy: 'On a network file system nothing. Elsewhere raise `fs.inotify.max_user_watches` or `max_user_instances`.',
  },
  'manifest-mounted': {
    ends: 'warning',
    means: 'The manifest is itself a mount, so that replacing it outside can’t be seen. In the log.',
    remedy: 'Mount its folder instead.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;

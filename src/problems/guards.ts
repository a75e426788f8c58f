import type { ProblemInfo } from './info.js';

/** What is refused because going on could double or delete. */
export const GUARDS = {
  'wrong-account': {
    ends: 'refused',
    means: 'The token belongs to another account than the state file. Nothing was sent.',
    remedy:
      'Use the token of that account, or another `--state` for this one ([step by step](operations.md#the-wrong-account)).',
  },
  'deletion-limit': {
    ends: 'refused',
    means: 'The run would delete all managed webhooks, or more than 30 % of ten or more. Nothing was deleted.',
    remedy: 'Mend the manifest; if it is meant, run `copernica-webhooks apply --prune --force` once.',
  },
  'everything-gone': {
    ends: 'refused',
    means: 'All of two or more known webhooks look gone from the account, which is not believed. Nothing was changed.',
    remedy:
      'Check the token and the account; if they really were deleted, run `copernica-webhooks apply --force` once.',
  },
  'uncertain-create': {
    ends: 'refused',
    means:
      'A create was sent, its outcome is unknown, and no later run can settle it by itself: nothing tells its webhook from another’s, ids do not rise in this account, or `--on-uncertain hold` is set. It is not sent again.',
    remedy: 'It needs you: [uncertain](operations.md#uncertain).',
  },
  'create-unsettled': {
    ends: 'failed',
    means: 'A create was sent and its outcome is not known yet. It is not sent again before that is settled.',
    remedy: 'Usually nothing: a later run settles it. What to do by hand: [uncertain](operations.md#uncertain).',
  },
  'answers-lost': {
    ends: 'failed',
    means:
      'Answers to creates were lost three times in a row or more, and what they may have made was not found. Creates are sent further and further apart, at most a day.',
    remedy:
      'Find out whether the API answers creates and reads at all; then `apply --retry`, or edit the manifest ([step by step](operations.md#answers-lost)).',
  },
  'waits-for-uncertain': {
    ends: 'failed',
    means:
      'A create was not sent, since answers to other creates were lost, and those are settled first; or since one that looks the same when it is read is still uncertain.',
    remedy:
      'Usually nothing: a later run sends it. `list` shows what is uncertain; `apply --retry` sends one create at once.',
  },
  'import-taken': {
    ends: 'refused',
    means: 'The webhook belongs to an entry already, or the entry has a webhook.',
    remedy: '`forget` lets go of it first. If it is the same pair, there is nothing to import.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;

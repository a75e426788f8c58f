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
    means: 'A create was sent and its outcome is unknown, so it is not sent again. Only this entry waits.',
    remedy: 'Usually nothing: the next run looks for it. What stays needs you: [uncertain](operations.md#uncertain).',
  },
  'waits-for-uncertain': {
    ends: 'refused',
    means:
      'An earlier create of the very same webhook, for another entry, is still uncertain, so this one is not sent.',
    remedy: 'Settle that one first; `list` shows it.',
  },
  'import-taken': {
    ends: 'refused',
    means: 'The webhook belongs to an entry already, or the entry has a webhook.',
    remedy: '`forget` lets go of it first. If it is the same pair, there is nothing to import.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;

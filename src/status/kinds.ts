/** How a thing is, at a glance: always said by a word or a sign too, never by colour alone. */
export type Severity = 'error' | 'warning' | 'busy' | 'note' | 'ok';
export type Look = readonly [severity: Severity, text: string];

/** What can be wrong or worth knowing, the gravest first. */
export const ISSUES = {
  'not-begun': 'error',
  'manifest-broken': 'error',
  'run-failed': 'error',
  'run-refused': 'error',
  'answers-lost': 'error',
  'webhooks-failed': 'error',
  unchecked: 'error',
  uncertain: 'warning',
  'possibly-duplicated': 'warning',
  stale: 'warning',
  warnings: 'note',
  drift: 'note',
  orphaned: 'note',
} as const satisfies Record<string, Severity>;

/**
 * `partial`: to the end, but not everything is as the manifest says. `refused`: a guard said no. `failed`: it ended
 * before anything was changed. `manifest-broken`: there was none to go by.
 */
export const RUN_RESULTS = {
  ok: ['ok', 'Done'],
  partial: ['warning', 'In part'],
  refused: ['error', 'Refused'],
  failed: ['error', 'Failed'],
  'manifest-broken': ['error', 'No manifest'],
} as const satisfies Record<string, Look>;

/** In the order of how much attention they need. */
export const WEBHOOK_STATUSES = {
  failed: ['error', 'Failed'],
  uncertain: ['warning', 'Uncertain'],
  'possibly-duplicated': ['warning', 'Possibly twice'],
  pending: ['busy', 'Pending'],
  deleting: ['busy', 'Deleting'],
  orphaned: ['note', 'Orphaned'],
  created: ['ok', 'Created'],
} as const satisfies Record<string, Look>;

/** `failed`: given up on; `replaced`: a newer one took its place before it was delivered. */
export const NOTICE_RESULTS = ['delivered', 'failed', 'replaced'] as const;

/** In the order in which the table above has them. */
export function keysOf<Key extends string>(kinds: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(kinds) as Key[];
}

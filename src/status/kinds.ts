/** How something is, at a glance. Always shown by a word or a sign too, never by colour alone. */
export type Severity = 'error' | 'warning' | 'busy' | 'note' | 'ok';
export type Look = readonly [severity: Severity, text: string];

/**
 * `partial`: completed, but not everything is as the manifest says. `refused`: a guard refused. `failed`: it ended
 * before anything was changed. `manifest-broken`: there was no valid manifest.
 */
export const RUN_RESULTS = {
  ok: ['ok', 'Done'],
  partial: ['warning', 'In part'],
  refused: ['error', 'Refused'],
  failed: ['error', 'Failed'],
  'manifest-broken': ['error', 'No manifest'],
} as const satisfies Record<string, Look>;
export type RunResultKind = keyof typeof RUN_RESULTS;

/** Ordered by how much attention they need. */
export const WEBHOOK_STATUSES = {
  failed: ['error', 'Failed'],
  uncertain: ['warning', 'Uncertain'],
  'possibly-duplicated': ['warning', 'Possibly twice'],
  pending: ['busy', 'Pending'],
  deleting: ['busy', 'Deleting'],
  orphaned: ['note', 'Orphaned'],
  created: ['ok', 'Created'],
} as const satisfies Record<string, Look>;
export type WebhookStatus = keyof typeof WEBHOOK_STATUSES;

/** `failed`: given up; `replaced`: a newer one took its place before it was delivered. */
export const NOTICE_RESULTS = ['delivered', 'failed', 'replaced'] as const;
export type NoticeResult = (typeof NOTICE_RESULTS)[number];

/** In the order of the table. */
export function keysOf<Key extends string>(kinds: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(kinds) as Key[];
}

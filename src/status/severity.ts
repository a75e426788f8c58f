import { type Html, html, raw } from './html.js';
import type { Advice, HealthKind, RunResultKind, WebhookStatus } from './snapshot.js';

/** How a thing is, at a glance: always said by a word or a sign too, never by colour alone. */
export type Severity = 'ok' | 'busy' | 'note' | 'warn' | 'bad';

/** For the icon in the tab, which has no style sheet. */
export const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  ok: '#1f9d60',
  busy: '#3b82d6',
  note: '#3b82d6',
  warn: '#d99a1c',
  bad: '#d6453d',
};

export const HEALTH_SEVERITY: Readonly<Record<HealthKind, Severity>> = {
  'no-manifest': 'bad',
  'manifest-broken': 'bad',
  'run-failed': 'bad',
  'answers-lost': 'bad',
  'webhooks-failed': 'bad',
  uncertain: 'warn',
  'possibly-duplicated': 'warn',
  stale: 'warn',
  starting: 'busy',
  pending: 'busy',
  ok: 'ok',
};

export const ADVICE_SEVERITY: Readonly<Record<Advice['severity'], Severity>> = {
  error: 'bad',
  warning: 'warn',
  note: 'note',
};

export const RUN_SEVERITY: Readonly<Record<RunResultKind, Severity>> = {
  ok: 'ok',
  partial: 'warn',
  refused: 'bad',
  failed: 'bad',
  'manifest-broken': 'bad',
};

export const WEBHOOK_SEVERITY: Readonly<Record<WebhookStatus, Severity>> = {
  failed: 'bad',
  uncertain: 'warn',
  'possibly-duplicated': 'warn',
  pending: 'busy',
  deleting: 'busy',
  orphaned: 'note',
  created: 'ok',
};

/** From the gravest: what a page of several is as a whole. */
export const GRAVEST_FIRST: readonly Severity[] = ['bad', 'warn', 'busy', 'note', 'ok'];

const SIGNS: Readonly<Record<Severity, string>> = {
  ok: '<path d="M4.5 8.4l2.3 2.3 4.7-5"/>',
  busy: '<path d="M8 4.6V8l2.3 1.5"/>',
  note: '<path d="M8 7.4v3.8M8 4.8v.1"/>',
  warn: '<path d="M8 4.6v4M8 11.2v.1"/>',
  bad: '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>',
};

/** A round sign; the word beside it says the same, so it is nothing to a screen reader. */
export function sign(severity: Severity): Html {
  return html`<svg class="sign ${severity}" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="8"/>${raw(SIGNS[severity])}</svg>`;
}

export function badge(severity: Severity, text: string): Html {
  return html`<span class="badge ${severity}">${sign(severity)}${text}</span>`;
}

import { type Html, html } from './html.js';

const STEPS: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `3 minutes`, `1 hour`: the largest unit alone, as precise as it is of use. */
export function roughly(ms: number): string {
  const [name, unit] = STEPS.find(([, step]) => Math.abs(ms) >= step) ?? ['second', 1_000];
  const count = Math.floor(Math.abs(ms) / unit);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** `3 minutes ago`, `in 12 minutes`. */
export function fromNow(iso: string, now: string): string {
  const ms = Date.parse(iso) - Date.parse(now);
  if (Math.abs(ms) < 1_000) return 'just now';
  return ms < 0 ? `${roughly(ms)} ago` : `in ${roughly(ms)}`;
}

/** `2026-11-23 10:00:05` in UTC, as a `<time>`. */
export function timeTag(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

/** `850 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

export function numberText(count: number): string {
  return count.toLocaleString('en');
}

const STEPS: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `3 minutes`, `1 hour`: only the largest unit, as precise as is useful. */
export function roughly(ms: number): string {
  const [name, unit] = STEPS.find(([, step]) => Math.abs(ms) >= step) ?? ['second', 1_000];
  return counted(Math.floor(Math.abs(ms) / unit), name);
}

/** `3 minutes ago`, `in 12 minutes`. */
export function fromNow(iso: string, now: string): string {
  const ms = Date.parse(iso) - Date.parse(now);
  if (Math.abs(ms) < 1_000) return 'just now';
  return ms < 0 ? `${roughly(ms)} ago` : `in ${roughly(ms)}`;
}

/** `1,234`. */
export function numberText(count: number): string {
  return count.toLocaleString('en');
}

/** `1 webhook is`, `1,234 webhooks are`; if the plural only adds an s: `1 webhook`, `1,234 webhooks`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** With a capital, to begin a sentence. */
export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

// What all processes of the bench share: the entries that they work on, in one form, and a clock.

/** The manifest of the first `count` entries, or of `count` from another on: one form, so that all do the same work. */
export function manifestOf(count, first = 0) {
  const entry = (n) => {
    const { handler, database } = bodyOf(n);
    return `  - name: w${n}\n    handler: ${handler}\n    trigger: create\n    callers: [ms, publisher]\n    database: ${database}\n`;
  };
  return `webhooks:\n${Array.from({ length: count }, (_, n) => entry(first + n)).join('')}`;
}

/** What is POSTed for entry `n`. */
export function bodyOf(n) {
  return {
    handler: `https://hooks.example.com/${n}`,
    trigger: 'create',
    callers: ['ms', 'publisher'],
    database: 1000 + (n % 50),
  };
}

/** Milliseconds of the machine's monotonic clock, which all processes share. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;

// The entries that everything here works on: one form, so that all do the same work.

export const handlerOf = (n) => `https://hooks.example.com/${n}`;
export const databaseOf = (n) => 1000 + (n % 50);

/** The manifest of the first `count` entries. `edited`: entries whose handler is another than it was. */
export function manifestOf(count, edited = new Set()) {
  const lines = ['webhooks:\n'];
  for (let n = 0; n < count; n += 1) {
    const handler = `${handlerOf(n)}${edited.has(n) ? '/edited' : ''}`;
    lines.push(
      `  - name: w${n}\n    handler: ${handler}\n    trigger: create\n    callers: [ms, publisher]\n    database: ${databaseOf(n)}\n`,
    );
  }
  return lines.join('');
}

/** Shorter, without callers: 100,000 entries of the long form would be over the 10 MiB that a manifest may have. */
export function shortManifestOf(count) {
  const lines = ['webhooks:\n'];
  for (let n = 0; n < count; n += 1) {
    lines.push(`- {name: w${n}, handler: '${handlerOf(n)}', trigger: create, database: ${databaseOf(n)}}\n`);
  }
  return lines.join('');
}

/** What is POSTed for entry `n`. */
export function bodyOf(n) {
  return JSON.stringify({
    handler: handlerOf(n),
    trigger: 'create',
    callers: ['ms', 'publisher'],
    database: databaseOf(n),
  });
}

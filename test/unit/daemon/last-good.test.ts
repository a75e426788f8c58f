import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LastGoodManifest, PRUNE_AFTER_MS } from '../../../src/daemon/last-good.js';

const VALID = { entries: [], warnings: [] };
const BROKEN = { problems: [{ severity: 'error', code: 'yaml-syntax', message: 'this is not YAML' }] } as const;
const GONE = { problems: [{ severity: 'error', code: 'manifest-missing', message: 'it does not exist' }] } as const;

/** A manifest whose file says what the test says. `broken` is the only text that can't be used; null: there is no file. */
function manifestOf(first: string | null) {
  let text = first;
  let now = 500;
  const file = {
    read: () => (text === null ? GONE : { text }),
    parse: (read: string) => (read === 'broken' ? BROKEN : VALID),
  };
  const manifest = new LastGoodManifest(file, pino({ level: 'silent' }), () => now);
  return {
    manifest,
    write: (next: string | null) => {
      text = next;
      return manifest.reload();
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('what left the manifest', () => {
  it('may be deleted when the manifest has been the same for a while, which begins with the first reading', async () => {
    const { manifest, pass } = manifestOf('a, b');
    await manifest.reload();
    expect(manifest.pruneInMs).toBe(PRUNE_AFTER_MS);
    pass(PRUNE_AFTER_MS - 1);
    expect(manifest.pruneInMs).toBe(1);
    pass(1);
    expect(manifest.pruneInMs).toBe(0);
  });

  it('waits anew with each change, and not with the same text again', async () => {
    const { manifest, write, pass } = manifestOf('a, b');
    await manifest.reload();
    pass(PRUNE_AFTER_MS - 1);
    await write('a, b');
    expect(manifest.pruneInMs).toBe(1);
    await write('a');
    expect(manifest.pruneInMs).toBe(PRUNE_AFTER_MS);
  });

  it('waits while the file is broken or gone: what is in force may be half of it', async () => {
    const { manifest, write, pass } = manifestOf('a');
    expect(manifest.pruneInMs).toBeNull();
    await manifest.reload();
    for (const text of ['broken', null]) {
      await write(text);
      pass(2 * PRUNE_AFTER_MS);
      expect(manifest.pruneInMs).toBeNull();
    }
    await write('a');
    expect(manifest.pruneInMs).toBe(PRUNE_AFTER_MS);
  });
});

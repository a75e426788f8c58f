import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LastGoodManifest, PRUNE_AFTER_MS } from '../../../src/daemon/last-good.js';

const VALID = { entries: [], removed: [], warnings: [] };
const BROKEN = { problems: [{ severity: 'error', code: 'yaml-syntax', message: 'this is not YAML' }] } as const;
const GONE = { problems: [{ severity: 'error', code: 'manifest-missing', message: 'it does not exist' }] } as const;

/**
 * A manifest whose file says what the test says. a text that begins with `broken` can't be used; null: there is no
 * file.
 */
function manifestOf(first: string | null) {
  let text = first;
  let commit: string | null = null;
  let now = 500;
  const logged: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => logged.push(line) });
  const look = () => {
    const result = text === null ? GONE : text.startsWith('broken') ? BROKEN : { ...VALID, text };
    return { identity: String(text), parse: () => result };
  };
  const manifest = new LastGoodManifest({ look, commit: () => commit }, log, () => now);
  return {
    manifest,
    logged,
    write: (next: string | null) => {
      text = next;
      return manifest.reload();
    },
    checkOut: (next: string | null) => {
      commit = next;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('the last good manifest', () => {
  it('is what a broken or missing file leaves in force, which is logged once for each way in which it is broken', async () => {
    const { manifest, write, logged } = manifestOf('good');
    await manifest.reload();
    for (const text of ['broken', 'broken', 'broken otherwise', null, null]) expect(await write(text)).toBe(false);
    expect(manifest.current()).toMatchObject({ text: 'good' });
    const problems = logged.map((line) => (JSON.parse(line) as { code?: string }).code).filter(Boolean);
    expect(problems).toEqual(['yaml-syntax', 'manifest-missing']);
    expect(logged.filter((line) => line.includes('the last good one stays in force'))).toHaveLength(2);
    await write('better');
    expect(logged.at(-1)).toContain('the manifest is valid again');
    expect(manifest.problems).toEqual([]);
  });

  it('is the newest of what was found by calls at the same time, of which one says that it is new', async () => {
    const { manifest, write } = manifestOf('old');
    await manifest.reload();
    expect(await Promise.all([write('newer'), manifest.reload(), write('newest')])).toEqual([true, false, false]);
    expect(manifest.current()).toMatchObject({ text: 'newest' });
  });
});

describe('the commit in force', () => {
  it('is the one checked out, and stays that of the last good manifest while the file is broken', async () => {
    const { manifest, write, checkOut, logged } = manifestOf('good');
    const seen: (string | null)[] = [];
    const found = async (text: string, commit: string | null) => {
      checkOut(commit);
      await write(text);
      seen.push(manifest.commit);
    };
    await found('broken from the start', 'a');
    await found('good', 'a');
    await found('good, and something else was committed', 'b');
    await found('good, and something else was committed', 'c');
    await found('broken', 'd');
    await found('good again', 'e');
    await found('good again', null);
    expect(seen).toEqual([null, 'a', 'b', 'c', 'c', 'e', null]);
    const told = logged.map((line) => JSON.parse(line) as { commit?: string }).flatMap(({ commit }) => commit ?? []);
    expect(told).toEqual(['a', 'b', 'c', 'e']);
  });
});

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

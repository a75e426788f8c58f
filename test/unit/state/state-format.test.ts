import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPACTION } from '../../../src/state/compact.js';
import { parseJournal } from '../../../src/state/file/parse.js';
import { RECORD_TYPES } from '../../../src/state/records.js';

const PAGE = readFile(resolve(import.meta.dirname, '../../../docs/state-format.md'), 'utf8');

describe('docs/state-format.md', () => {
  it('shows a file that the program reads', async () => {
    const example = /```json\n([^`]+)```/.exec(await PAGE)?.[1] ?? '';
    expect(parseJournal(Buffer.from(example))).toMatchObject({ kind: 'journal', records: 3, tornBytes: 0 });
  });

  it('has a row for every type of record', async () => {
    const rows = new Set([...(await PAGE).matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type));
    expect(rows).toEqual(new Set<string | undefined>(RECORD_TYPES));
  });

  it('says when a file is written anew as the program does it', async () => {
    expect(COMPACTION).toEqual({ deadRecords: 1_000, deadPerLive: 2 });
    expect(await PAGE).toContain(
      'more than 1,000 records that no longer matter, and more than twice as many as still do',
    );
  });
});

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gatherStateFile, gatherStateFolder } from '../../../src/doctor/gather-state.js';

const HOLDER = { pid: 1, host: 'test', command: 'doctor', since: '2026-01-01T00:00:00.000Z' };

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the trial of a state’s folder', () => {
  it('finds locks and flushes that work, and leaves nothing', async () => {
    const folder = await aFolder();
    let released = 0;
    const facts = await gatherStateFolder(join(folder, 'state.jsonl'), {
      holder: HOLDER,
      onEnd: () => () => {
        released += 1;
      },
    });
    expect(facts).toMatchObject({
      kind: 'usable',
      folder,
      locks: 'works',
      flush: { ms: expect.any(Number) },
      freeBytes: expect.any(Number),
    });
    expect([await readdir(folder), released]).toEqual([[], 1]);
  });

  it('can be removed at once when the process is told to end', async () => {
    const folder = await aFolder();
    const facts = await gatherStateFolder(join(folder, 'state.jsonl'), {
      holder: HOLDER,
      onEnd: (remove) => {
        remove();
        return () => undefined;
      },
    });
    expect(await readdir(folder)).toEqual([]);
    // What is tried in a folder that is gone is told, and no defect.
    expect(facts).toMatchObject({ locks: { failure: 'failed' }, flush: { code: 'ENOENT' } });
  });

  it('is none where the folder is missing', async () => {
    const path = join(await aFolder(), 'nowhere', 'state.jsonl');
    expect(await gatherStateFolder(path, { holder: HOLDER, onEnd: () => () => undefined })).toMatchObject({
      kind: 'failed',
      problems: [{ code: 'state-folder-missing' }],
    });
  });
});

describe('a state file', () => {
  it('is missing while nothing was recorded in it, and failed where it is a folder', async () => {
    const folder = await aFolder();
    const path = join(folder, 'state.jsonl');
    expect(await gatherStateFile(path, true)).toEqual({ kind: 'missing', init: true, isMount: false });
    await writeFile(path, '');
    expect(await gatherStateFile(path, false)).toEqual({ kind: 'missing', init: false, isMount: false });
    await mkdir(join(folder, 'folder'));
    expect(await gatherStateFile(join(folder, 'folder'), false)).toMatchObject({ kind: 'failed', failure: 'failed' });
  });
});

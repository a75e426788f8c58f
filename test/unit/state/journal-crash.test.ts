import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NIGHT } from '../../helpers/night.js';
import { Child, compiledState, runNode } from './child.js';
import { AT } from './histories.js';
import { reopened, stateOnDisk } from './journals.js';

/** A process that records webhooks one after the other, several under way, and prints the ids that are on disk. */
const WRITER = `
import { fileStore } from './state/file/store.js';
const holder = { pid: process.pid, host: 'box', since: '${AT}', command: 'apply' };
const take = () => fileStore('webhooks.state.jsonl').take({ timeoutMs: 0, holder });
let lease = await take();
let journal = await lease.create('34');
const webhook = (n) => ({ handler: 'https://handler.example/' + n, trigger: 'create' });
let next = 1;
async function worker() {
  for (;;) {
    const n = next++;
    journal.write({ type: 'intent', intent: n, name: 'w' + n, above: null, at: '${AT}', webhook: webhook(n) });
    await journal.flush();
    journal.write({ type: 'created', intent: n, id: n, at: '${AT}' });
    await journal.flush();
    process.stdout.write(n + '\\n');
    if (n % 40 === 0) return;
  }
}
try {
  for (;;) {
    await Promise.all(Array.from({ length: 4 }, worker));
    for (let round = 0; round < 1_400; round += 1) {
      journal.write({ type: 'updated', name: 'w1', at: '${AT}', webhook: webhook(1) });
    }
    // Writes the file anew.
    await lease.release();
    lease = await take();
    journal = await lease.open();
  }
} catch (error) {
  process.stdout.write(JSON.stringify({ kind: error.kind, message: error.message, code: error.problems?.[0].code }) + '\\n');
  await lease.release().catch(() => process.exit(1));
}
`;

/** Pairs of records that are flushed before the kill; after each forty the file is written anew. */
const SO_MANY = NIGHT ? 500 : 150;

describe('a process that is killed while it writes', () => {
  it('leaves a file with every record that it knew to be on disk, and one that can be gone on with', async () => {
    const folder = await compiledState();
    const path = join(folder, 'webhooks.state.jsonl');
    const child = await runNode(folder, WRITER);
    const flushed: string[] = [];
    while (flushed.length < SO_MANY) {
      const line = await child.line();
      if (line === null) throw new Error('ended by itself');
      flushed.push(line);
    }
    child.process.kill('SIGKILL');
    flushed.push(...(await child.remainingLines()));
    expect(await child.ended).toBe('SIGKILL');

    const journal = await reopened(path);
    for (const id of flushed) expect(journal.state.entries.get(`w${id}`)?.id).toBe(Number(id));
    expect(journal.state.intents.size).toBeLessThanOrEqual(4);
    journal.write({ type: 'deleting', name: 'w1', at: AT });
    await journal.close();
    expect(await stateOnDisk(path)).toEqual(journal.state);
  });
});

describe('a process that reaches the limit on file sizes', () => {
  it('is told so, and what was on disk before is there', async () => {
    const folder = await compiledState();
    await writeFile(join(folder, 'writer.mjs'), WRITER.replace('n % 40 === 0', 'false'));
    const child = new Child('bash', ['-c', 'ulimit -f 32; exec "$0" writer.mjs', process.execPath], folder);
    const lines = await child.remainingLines();
    const failure = JSON.parse(lines.pop() ?? '') as unknown;
    expect(failure).toEqual({ kind: 'failed', code: 'state-failed', message: expect.stringContaining('EFBIG') });
    expect(await child.ended).toBe(1);
    const path = join(folder, 'webhooks.state.jsonl');
    expect((await stat(path)).size).toBeLessThanOrEqual(32 * 1024);
    expect((await readFile(path, 'utf8')).endsWith('\n')).toBe(true);
    const { entries } = await stateOnDisk(path);
    expect(lines.length).toBeGreaterThan(50);
    for (const id of lines) expect(entries.get(`w${id}`)?.id).toBe(Number(id));
  });
});

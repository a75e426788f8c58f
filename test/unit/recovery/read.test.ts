import { describe, expect, it } from 'vitest';
import type { CopernicaApi, ReadOutcome } from '../../../src/copernica/api.js';
import { idsIn, readIds } from '../../../src/recovery/read.js';

const stop = new AbortController().signal;
const FAILED: ReadOutcome = { ok: false, kind: 'unknown', message: 'answered 502' };
const GONE: ReadOutcome = { ok: true, value: 'gone' };

function found(id: number): ReadOutcome {
  const webhook = {
    id,
    handler: 'https://a.example',
    trigger: 'create',
    callers: [],
    database: null,
    collection: null,
  };
  return { ok: true, value: webhook };
}

/** Reads ids that answer so, one after the other. */
async function reading(ids: readonly number[], answer: (id: number) => ReadOutcome, signal = stop) {
  const asked: number[] = [];
  const api = {
    readWebhook: async (id: number) => {
      asked.push(id);
      return answer(id);
    },
  } as unknown as CopernicaApi;
  const { webhooks, unread, failure } = await readIds(ids, api, { concurrency: 1, stop: signal, refusalsCount: true });
  return { asked, found: webhooks.map(({ id }) => id), unread, failure };
}

describe('reading id by id', () => {
  it('passes over what can’t be read, and knows nothing of it', async () => {
    const answer = (id: number) => (id % 2 === 0 ? FAILED : id === 5 ? found(id) : GONE);
    expect(await reading([1, 2, 3, 4, 5, 6], answer)).toEqual({
      asked: [1, 2, 3, 4, 5, 6],
      found: [5],
      unread: [2, 4, 6],
      failure: 'answered 502',
    });
  });

  it('asks an account no more that did not answer four times in a row', async () => {
    const ids = [1, 2, 3, 4, 5, 6, 7];
    expect(await reading(ids, (id) => (id === 1 ? found(id) : FAILED))).toEqual({
      asked: [1, 2, 3, 4, 5],
      found: [1],
      unread: [2, 3, 4, 5, 6, 7],
      failure: 'answered 502',
    });
  });

  it.each([
    [400, []],
    [404, []],
    [401, [1]],
    [500, [1]],
  ])('takes a refusal with status %i for: unread %j', async (status, unread) => {
    const refused: ReadOutcome = { ok: false, kind: 'refused', message: 'no', status };
    expect((await reading([1], () => refused)).unread).toEqual(unread);
  });

  it('has no failure when all could be read', async () => {
    expect(await reading([1, 2], () => GONE)).toEqual({ asked: [1, 2], found: [], unread: [], failure: null });
  });

  it('that is stopped has seen nothing of the rest', async () => {
    expect(await reading([1, 2], () => GONE, AbortSignal.abort())).toEqual({
      asked: [],
      found: [],
      unread: [1, 2],
      failure: 'stopped while looking',
    });
  });

  it('tells of each that was read', async () => {
    let read = 0;
    const api = { readWebhook: async () => GONE } as unknown as CopernicaApi;
    await readIds([1, 2, 3], api, { concurrency: 2, refusalsCount: true, stop, onRead: () => (read += 1) });
    expect(read).toBe(3);
  });

  it('looks at each once, in rising order, however the ranges overlap', () => {
    expect(
      idsIn([
        { from: 5, to: 7 },
        { from: 1, to: 2 },
        { from: 6, to: 8 },
        { from: 9, to: 8 },
      ]),
    ).toEqual([1, 2, 5, 6, 7, 8]);
  });
});

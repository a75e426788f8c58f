import { describe, expect, it } from 'vitest';
import type { CopernicaApi, ReadOutcome } from '../../../src/copernica/api.js';
import { idsIn, readEach } from '../../../src/reconcile/look.js';

const stop = new AbortController().signal;

describe('looking id by id', () => {
  it('that failed once has failed, whatever those under way come to', async () => {
    const answers: ((outcome: ReadOutcome) => void)[] = [];
    const api = { readWebhook: () => new Promise((answer) => answers.push(answer)) } as unknown as CopernicaApi;
    const sight = readEach([1, 2, 3, 4], api, { concurrency: 2, stop });
    answers[0]?.({ kind: 'unknown', message: 'answered 502' });
    answers[1]?.({ kind: 'gone' });
    expect(await sight).toEqual({ webhooks: [], complete: false, failure: 'answered 502' });
    expect(answers).toHaveLength(2);
  });

  it('that is stopped has seen nothing of the rest', async () => {
    const api = { readWebhook: () => Promise.reject(new Error('asked')) } as unknown as CopernicaApi;
    const sight = await readEach([1, 2], api, { concurrency: 2, stop: AbortSignal.abort() });
    expect(sight.failure).toBe('stopped while looking');
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

import { describe, expect, it } from 'vitest';
import { makeAnswers } from '../../../src/status/answers.js';
import type { StatusSnapshot } from '../../../src/status/snapshot.js';

const EVERYWHERE = ['/', '/healthz', '/readyz', '/metrics', '/status.json'];
const NOW: StatusSnapshot = {
  product: 'copernica-webhooks',
  version: '1.2.3',
  startedAt: '2026-01-01T00:00:00.000Z',
  at: '2026-01-01T00:00:00.000Z',
  ready: true,
  notReadyBecause: [],
  accounts: [],
};

/** Answers that count how often what they tell was made. */
function counted() {
  const made = { snapshots: 0, metrics: 0, redacted: 0 };
  const moment = { now: 0 };
  const { answer, forget } = makeAnswers({
    snapshot: () => {
      made.snapshots += 1;
      return NOW;
    },
    metrics: {
      text: async () => {
        made.metrics += 1;
        return 'up 1\n';
      },
      contentType: 'text/plain',
    },
    redact: (text) => {
      made.redacted += 1;
      return text;
    },
    now: () => moment.now,
  });
  const ask = (path: string, query = '') => answer(path, new URLSearchParams(query));
  return { ask, forget, made, moment };
}

describe('what the status server answers', () => {
  it('is made once, however many ask for it', async () => {
    const { ask, made } = counted();
    const asked = Array.from({ length: 100 }, () => EVERYWHERE.map((path) => ask(path))).flat();
    const different = new Set(await Promise.all(asked));
    expect([different.size, made]).toEqual([5, { snapshots: 1, metrics: 1, redacted: 5 }]);
  });

  it('is made anew after a change, and after a second', async () => {
    const { ask, forget, made, moment } = counted();
    const first = await ask('/status.json');
    moment.now = 999;
    expect(await ask('/status.json')).toBe(first);
    forget();
    expect(await ask('/status.json')).not.toBe(first);
    moment.now = 1_999;
    await ask('/status.json');
    expect(made.snapshots).toBe(3);
  });

  it('is a bounded number of different pages at a time', async () => {
    const { ask, made, moment } = counted();
    const statuses = async (count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask('/', `q=${index}`)));
      return answers.map((answer) => answer?.status);
    };
    expect(new Set((await statuses(1_000)).slice(20))).toEqual(new Set([429]));
    expect(made.redacted).toBe(20);
    moment.now = 1_000;
    expect(await statuses(20)).toEqual(Array.from({ length: 20 }, () => 200));
    // What the URL says that means nothing makes no other page.
    expect(await ask('/', 'q=1&nonsense=2')).toBe(await ask('/', 'q=1'));
  });

  it('is nothing where there is nothing', async () => {
    expect(await counted().ask('/favicon.ico')).toBeNull();
  });
});

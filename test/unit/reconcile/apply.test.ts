import { describe, expect, it } from 'vitest';
import type { StateRecord } from '../../../src/state/records.js';
import { at, entries, entry, known, lost, REFUSED, settled, spec, startApplying, UNKNOWN } from './creating.js';

const MANY = entries('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');

describe('creates', () => {
  it('are sent one at a time until one was answered, and then as many at a time as was asked for', async () => {
    const run = startApplying(MANY);
    await settled();
    expect([run.sent(), run.written.length]).toEqual([['a'], 1]);
    await run.answer(0, 11);
    expect(run.sent()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await run.answer(2, 13);
    expect(run.sent()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('have their intents on disk a turn ahead, and those are cancelled when an answer is lost', async () => {
    const run = startApplying(entries(...'abcdefghijklm'));
    const intents = () => run.written.filter(({ type }) => type === 'intent').length;
    await settled();
    expect([run.posts.length, intents()]).toEqual([1, 1]);
    await run.answer(0, 11);
    expect([run.posts.length, intents()]).toEqual([5, 9]);
    await run.answer(1, 12);
    expect([run.posts.length, intents()]).toEqual([6, 10]);
    await run.answer(2, UNKNOWN);
    expect([run.posts.length, intents()]).toEqual([6, 10]);
    for (const sent of [3, 4, 5]) await run.answer(sent, 10 + sent);
    expect(run.posts).toHaveLength(6);
    expect([...run.state.intents.values()].map(({ name }) => name)).toEqual(['c']);
    expect(run.written.filter(({ type }) => type === 'cancelled')).toHaveLength(4);
  });

  it('have no intents ahead of their turn on hold', async () => {
    const run = startApplying(MANY, { context: { onUncertain: 'hold' } });
    await settled();
    await run.answer(0, 11);
    const intents = run.written.filter(({ type }) => type === 'intent');
    expect([run.posts.length, intents.length]).toEqual([5, 5]);
  });

  it('that are refused say nothing of whether answers come through', async () => {
    const run = startApplying(entries('a', 'b', 'c'));
    await settled();
    await run.answer(0, REFUSED);
    expect(run.sent()).toEqual(['a', 'b']);
    await run.answer(1, 11);
    await run.answer(2, 12);
    expect(await run.results).toEqual({ a: 'api-refused', b: 'done', c: 'done' });
  });

  it('are not begun any more when told to stop', async () => {
    const run = startApplying(MANY);
    await settled();
    run.stopping.abort();
    await run.answer(0, 11);
    const results = await run.results;
    expect([results.a, results.b, results.h]).toEqual(['done', 'stopped', 'stopped']);
    expect([run.sent(), run.state.intents.size]).toEqual([['a'], 0]);
  });
});

describe('a create whose answer is lost', () => {
  it('is looked for, and while it is not found no other is sent', async () => {
    const run = startApplying(MANY);
    await settled();
    await run.answer(0, UNKNOWN);
    const results = await run.results;
    expect(run.requests).toEqual(['POST a', ...Array.from({ length: 64 }, (_, index) => `GET ${11 + index}`)]);
    expect([results.a, results.b, results.h]).toEqual([
      'create-unsettled',
      'waits-for-uncertain',
      'waits-for-uncertain',
    ]);
    expect([...run.state.intents.values()]).toMatchObject([{ name: 'a', gaveUp: { reason: 'no answer in time' } }]);
  });

  it('is found, and the others are sent, one at a time until one was answered', async () => {
    const run = startApplying(entries('a', 'b', 'c', 'd'));
    await settled();
    const [first] = run.posts;
    if (first !== undefined) run.acted(first, 20);
    await run.answer(0, UNKNOWN);
    await settled();
    expect([run.state.entries.get('a')?.id, run.sent()]).toEqual([20, ['a', 'b']]);
    await run.answer(1, 21);
    expect(run.sent()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets what is on the wire be answered before it is looked for, and nothing new begin', async () => {
    const run = startApplying(MANY);
    await settled();
    await run.answer(0, 11);
    await run.answer(1, UNKNOWN);
    await run.answer(2, 12);
    await run.answer(3, UNKNOWN);
    expect(run.requests.filter((request) => request.startsWith('GET'))).toEqual([]);
    await run.answer(4, 13);
    const results = await run.results;
    expect(run.sent()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([results.c, results.e, results.f]).toEqual(['done', 'done', 'waits-for-uncertain']);
    // No more than was on the wire.
    expect([...run.state.intents.values()].map(({ name }) => name)).toEqual(['b', 'd']);
  });

  it('has what was flushed and not sent cancelled', async () => {
    const run = startApplying(entries('a', 'b', 'c', 'd'), { holdsFlushes: true });
    await settled();
    run.flushes.shift()?.();
    await settled();
    await run.answer(0, 11);
    run.flushes.shift()?.();
    await settled();
    expect([run.sent(), run.flushes.length, run.state.intents.size]).toEqual([['a', 'b'], 2, 3]);
    await run.answer(1, UNKNOWN);
    while (run.flushes.length > 0) {
      run.flushes.shift()?.();
      await settled();
    }
    expect(await run.results).toEqual({
      a: 'done',
      b: 'create-unsettled',
      c: 'waits-for-uncertain',
      d: 'waits-for-uncertain',
    });
    expect(run.sent()).toEqual(['a', 'b']);
    expect([...run.state.intents.values()].map(({ name }) => name)).toEqual(['b']);
    expect(run.written.filter(({ type }) => type === 'cancelled')).toHaveLength(2);
  });
});

/** Creates whose intents wait for the disk while the answer of another is lost; then that one is found. */
async function withheldAndFound(run: ReturnType<typeof startApplying>, first: number): Promise<void> {
  await flushUntil(run, () => run.posts.length === 1);
  await run.answer(0, first);
  await flushUntil(run, () => run.posts.length === 2);
  const post = run.posts[1];
  if (post === undefined) throw new Error('nothing was sent');
  run.acted(post, first + 1);
  await run.answer(1, UNKNOWN);
  await flushUntil(run, () => run.posts.length === 3);
}

/** One flush after the other, until that is so, or nothing more is to be flushed. */
async function flushUntil(run: ReturnType<typeof startApplying>, isSo: () => boolean): Promise<void> {
  await settled();
  while (!isSo() && run.flushes.length > 0) {
    run.flushes.shift()?.();
    await settled();
  }
}

/** All the rest, each answered with the next id. */
async function answerAll(run: ReturnType<typeof startApplying>, from: number, id: number): Promise<void> {
  for (let index = from; index < run.posts.length; index += 1) {
    await run.answer(index, id + index);
    await flushUntil(run, () => false);
  }
}

describe('a create that was withheld', () => {
  it('is sent in the same round once what was lost is found', async () => {
    const run = startApplying(entries('a', 'b', 'c', 'd'), { holdsFlushes: true });
    await withheldAndFound(run, 11);
    expect([run.state.entries.get('b')?.id, run.sent().length]).toEqual([12, 3]);
  });

  it('of a webhook that looks gone is sent without deleting that once more', async () => {
    const records = ['a', 'b', 'c', 'd'].map((name, index) => known(name, index + 1));
    const live = new Map([1, 2, 3, 4].map((id) => [id, { kind: 'gone' as const }]));
    const run = startApplying(entries('a', 'b', 'c', 'd'), { records, live, holdsFlushes: true });
    await withheldAndFound(run, 11);
    await answerAll(run, 2, 20);
    // That it was found is said where what is open is explained.
    expect(await run.results).toEqual({ a: 'done', b: 'create-unsettled', c: 'done', d: 'done' });
    expect(run.requests.filter((request) => request.startsWith('DELETE')).sort()).toEqual([
      'DELETE 1',
      'DELETE 2',
      'DELETE 3',
      'DELETE 4',
    ]);
  });

  it('of a renamed webhook that is replaced takes its name once', async () => {
    const limited = (name: string) => spec(name, { database: 7 });
    const records = [1, 2, 3, 4].map((id) => known(`old-${id}`, id, limited(`w${id}`)));
    const live = new Map(
      [1, 2, 3, 4].map((id) => {
        const webhook = { id, ...spec(`w${id}`), callers: [], database: 9, collection: null };
        return [id, { kind: 'found' as const, webhook }];
      }),
    );
    const desired = [1, 2, 3, 4].map((id) => entry(`new-${id}`, limited(`w${id}`)));
    const run = startApplying(desired, { records, live, holdsFlushes: true });
    await withheldAndFound(run, 11);
    await answerAll(run, 2, 20);
    expect(await run.results).toEqual({ 'new-1': 'done', 'new-2': 'done', 'new-3': 'done', 'new-4': 'done' });
  });

  it('goes on after one that looks like it, and not beside it', async () => {
    const alike = [1, 2].map((database) => entry(`alike-${database}`, spec('alike', { database })));
    const desired = [entry('a', spec('a')), entry('b', spec('b')), ...alike, entry('c', spec('c'))];
    const run = startApplying(desired, { holdsFlushes: true });
    await withheldAndFound(run, 11);
    // Of what was withheld one is sent, and answered: then all of it at a time, but for what looks alike.
    await run.answer(2, 13);
    await flushUntil(run, () => false);
    const unanswered = run.posts.slice(3).map(({ handler }) => handler);
    expect(unanswered.length).toBeGreaterThan(0);
    expect(new Set(unanswered).size).toBe(unanswered.length);
  });
});

describe('creates that look alike when they are read', () => {
  const alike = [1, 2, 3].map((database) => entry(`alike-${database}`, spec('alike', { database })));

  it('are sent one after the other, and hold up no others', async () => {
    const run = startApplying([...entries('a'), ...alike, ...entries('b', 'c')]);
    await settled();
    await run.answer(0, 11);
    expect(run.sent()).toEqual(['a', 'alike', 'b', 'c']);
    await run.answer(2, 12);
    await run.answer(3, 13);
    expect(run.sent()).toEqual(['a', 'alike', 'b', 'c']);
    await run.answer(1, 14);
    expect(run.sent()).toEqual(['a', 'alike', 'b', 'c', 'alike']);
  });

  it('wait for an open one that looks so, whichever entry it is of', async () => {
    const records = [...lost(1, 'z', 0, spec('alike', { database: 9 })), ...answeredSince(2)];
    const desired = [entry('z', spec('alike', { database: 9 })), entry('y', spec('y')), ...alike, ...entries('b')];
    const run = startApplying(desired, { records, seconds: 10 });
    await settled();
    expect(run.sent()).toEqual(['b']);
    await run.answer(0, 31);
    expect(await run.results).toMatchObject({ b: 'done', 'alike-1': 'waits-for-uncertain' });
    expect(run.sent()).toEqual(['b']);
  });
});

/** A create that was answered after what was lost: no loss counts any more. */
function answeredSince(intent: number, seconds = 1): StateRecord[] {
  return [
    { type: 'intent', intent, name: 'y', above: 10, at: at(seconds), webhook: spec('y'), timeoutMs: 30_000 },
    { type: 'created', intent, id: 30, at: at(seconds) },
  ];
}

describe('creates while something is open', () => {
  it('are sent one at a time, whatever was answered', async () => {
    const desired = entries('z', 'y', 'a', 'b');
    const run = startApplying(desired, { records: [...lost(1, 'z'), ...answeredSince(2)], seconds: 10 });
    await settled();
    expect(run.sent()).toEqual(['a']);
    await run.answer(0, 31);
    expect(run.sent()).toEqual(['a', 'b']);
  });

  it('end with the first that is answered when all that is open is ripe: that is settled first', async () => {
    const run = startApplying(entries('z', 'a', 'b'), { records: lost(1, 'z'), seconds: 60 });
    await settled();
    await run.answer(0, 31);
    expect(await run.results).toEqual({ a: 'done', b: 'waits-for-uncertain' });
  });

  it('end with the first that is lost, so that a round leaves one more at most', async () => {
    const run = startApplying(entries('z', 'a', 'b'), { records: lost(1, 'z'), seconds: 60 });
    await settled();
    await run.answer(0, UNKNOWN);
    expect(await run.results).toEqual({ a: 'create-unsettled', b: 'waits-for-uncertain' });
    expect(run.state.intents.size).toBe(2);
  });

  it.each([
    [1, 59, []],
    [1, 60, ['a']],
    [2, 119, []],
    [2, 120, ['a']],
    [3, 239, []],
    [3, 240, ['a']],
  ])('wait after %i lost answers in a row: at %i s %j is sent', async (losses, seconds, expected) => {
    const records = Array.from({ length: losses }, (_, index) => lost(index + 1, 'z')).flat();
    const run = startApplying(entries('z', 'a'), { records, seconds });
    await settled();
    expect(run.sent()).toEqual(expected);
  });

  it('do not wait when they are told to be tried, once', async () => {
    let retries = 1;
    const takeRetry = () => retries-- > 0;
    const run = startApplying(entries('z', 'a', 'b'), { records: lost(1, 'z'), seconds: 5, context: { takeRetry } });
    await settled();
    expect(run.sent()).toEqual(['a']);
    await run.answer(0, UNKNOWN);
    expect(await run.results).toEqual({ a: 'create-unsettled', b: 'waits-for-uncertain' });
  });
});

describe('a lost create', () => {
  const TWO = [...lost(1, 'a'), ...lost(2, 'b', 1)];

  it('is sent again when all that is open is ripe and nothing else can be sent: one in a round, the longest ago', async () => {
    const run = startApplying(entries('b', 'a'), { records: TWO, seconds: 121 });
    await settled();
    expect(run.sent()).toEqual(['a']);
    await run.answer(0, 31);
    expect(await run.results).toEqual({ a: 'done' });
  });

  it('is not sent again before that', async () => {
    const run = startApplying(entries('a', 'b'), { records: TWO, seconds: 60 });
    expect([await run.results, run.sent()]).toEqual([{}, []]);
  });

  it('is not sent again in a round in which another create was answered', async () => {
    const run = startApplying(entries('a', 'b', 'c'), { records: TWO, seconds: 121 });
    await settled();
    await run.answer(0, 31);
    expect([await run.results, run.sent()]).toEqual([{ c: 'done' }, ['c']]);
  });

  it('is sent again in a round in which all others were refused', async () => {
    const run = startApplying(entries('a', 'b', 'c'), { records: TWO, seconds: 121 });
    await settled();
    await run.answer(0, REFUSED);
    expect(run.sent()).toEqual(['c', 'a']);
  });

  it('lets the next one be sent when it is refused, and no other when it is lost once more', async () => {
    const refused = startApplying(entries('a', 'b'), { records: TWO, seconds: 121 });
    await settled();
    await refused.answer(0, REFUSED);
    expect(refused.sent()).toEqual(['a', 'b']);
    const again = startApplying(entries('a', 'b'), { records: TWO, seconds: 121 });
    await settled();
    await again.answer(0, UNKNOWN);
    expect([await again.results, again.sent()]).toEqual([{ a: 'create-unsettled' }, ['a']]);
  });

  it('is found at once when it was lost once more and acted on', async () => {
    const run = startApplying(entries('a'), { records: lost(1, 'a'), seconds: 60 });
    await settled();
    const [post] = run.posts;
    if (post !== undefined) run.acted(post, 20);
    await run.answer(0, UNKNOWN);
    await run.results;
    expect(run.state.entries.get('a')?.id).toBe(20);
  });

  it('that may be one of the webhooks that are there is never sent again', async () => {
    const suspected: StateRecord = { type: 'suspected', intent: 1, ids: [20, 21], at: at(5) };
    const run = startApplying(entries('a', 'b'), { records: [...TWO, suspected], seconds: 121 });
    await settled();
    expect(run.sent()).toEqual(['b']);
  });

  it('is never sent again on hold', async () => {
    const run = startApplying(entries('a'), { records: lost(1, 'a'), seconds: 600, context: { onUncertain: 'hold' } });
    expect([await run.results, run.sent()]).toEqual([{}, []]);
  });

  it('is never sent again where ids do not rise', async () => {
    const notRising: StateRecord[] = [
      { type: 'intent', intent: 2, name: 'y', above: 10, at: at(1), webhook: spec('y'), timeoutMs: 30_000 },
      { type: 'created', intent: 2, id: 9, at: at(1) },
    ];
    const run = startApplying(entries('a', 'y'), { records: [...lost(1, 'a'), ...notRising], seconds: 600 });
    expect([await run.results, run.sent()]).toEqual([{ y: 'done' }, []]);
  });

  it('of an entry that was edited since need not wait for as long as answers are lost', async () => {
    const records = [...lost(1, 'a', 0, spec('before')), ...lost(2, 'a', 0, spec('before'))];
    const edited = startApplying(entries('a'), { records, seconds: 60 });
    await settled();
    expect(edited.sent()).toEqual(['a']);
    const same = startApplying([entry('a', spec('before'))], { records, seconds: 60 });
    await settled();
    expect(same.sent()).toEqual([]);
  });

  it('of a name that nobody wants any more is not sent, but what looks like it is', async () => {
    const records = lost(1, 'gone', 0, spec('x', { database: 1 }));
    const run = startApplying([entry('new', spec('x', { database: 2 }))], { records, seconds: 60 });
    await settled();
    expect(run.posts).toMatchObject([{ database: 2 }]);
  });
});

describe('a state file that can’t be written any more', () => {
  it('ends the run only when no request is under way, since the lock is given back then', async () => {
    const run = startApplying(MANY);
    await settled();
    await run.answer(0, 11);
    let ended = false;
    run.results
      .catch(() => undefined)
      .finally(() => {
        ended = true;
      });
    run.breakDisk(new Error('no space left'));
    for (let sent = 1; sent < 5; sent += 1) {
      expect([run.posts.length, ended]).toEqual([5, false]);
      await run.answer(sent, 11 + sent);
    }
    await expect(run.results).rejects.toThrow('no space left');
    expect(run.sent()).toHaveLength(5);
  });
});

import { describe, expect, it } from 'vitest';
import type { CallFailure, CopernicaApi, ListOutcome, ReadOutcome } from '../../../src/copernica/api.js';
import { refresh } from '../../../src/reconcile/refresh.js';

const IDS = Array.from({ length: 50 }, (_, index) => index + 1);
const UNREACHABLE: CallFailure = { ok: false, kind: 'turned-away', message: 'answered 503', status: 503 };
const FAILED: CallFailure = { ok: false, kind: 'unknown', message: 'answered 500', status: 500 };
const DENIED: CallFailure = { ok: false, kind: 'refused', message: 'answered 403', status: 403 };

/** A refresh of these webhooks, one read at a time: how many were read, and how many of each kind came of it. */
async function refreshed(list: ListOutcome, read: (id: number) => ReadOutcome = found, known = IDS.length) {
  let reads = 0;
  let lists = 0;
  const api = {
    listWebhooks: async () => {
      lists += 1;
      return list;
    },
    readWebhook: async (id: number) => {
      reads += 1;
      return read(id);
    },
  } as unknown as CopernicaApi;
  const views = await refresh(IDS, api, {
    known,
    concurrency: 1,
    stop: new AbortController().signal,
    force: false,
    onProgress: () => {},
  });
  const kinds = [...views.values()].map(({ kind }) => kind);
  const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  return { reads, lists, found: count('found'), unread: count('unread'), views };
}

function found(id: number): { readonly ok: true; readonly value: Exclude<ReadOutcome, CallFailure>['value'] } {
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

describe('a refresh', () => {
  it('reads each webhook where the account has no list', async () => {
    expect(await refreshed({ ok: true, value: 'unavailable' })).toMatchObject({ reads: 50, found: 50, unread: 0 });
  });

  it('reads each webhook where the list is refused: a token may read webhooks and not list them', async () => {
    expect(await refreshed(DENIED)).toMatchObject({ reads: 50, found: 50, unread: 0 });
  });

  it('reads each webhook where only the list fails, which is not documented', async () => {
    expect(await refreshed(FAILED)).toMatchObject({ reads: 50, found: 50, unread: 0 });
  });

  it('asks no more in an outage: what was not read is not known', async () => {
    const { reads, unread, views } = await refreshed(UNREACHABLE, () => FAILED);
    expect([reads, unread]).toEqual([1, 50]);
    expect(views.get(50)).toEqual({ kind: 'unread', reason: 'answered 500' });
  });

  it('keeps what it read before an outage', async () => {
    const read = (id: number) => (id <= 20 ? found(id) : UNREACHABLE);
    expect(await refreshed({ ok: true, value: 'unavailable' }, read)).toMatchObject({
      reads: 24,
      found: 20,
      unread: 30,
    });
  });

  it('passes over webhooks that are refused, however many', async () => {
    const read = (id: number) => (id <= 20 ? DENIED : found(id));
    expect(await refreshed({ ok: true, value: 'unavailable' }, read)).toMatchObject({
      reads: 50,
      found: 30,
      unread: 20,
    });
  });

  it('reads a few of many by themselves, and not the list of all', async () => {
    const many = 2 * IDS.length;
    expect(await refreshed({ ok: true, value: [] }, found, many)).toMatchObject({ reads: 50, lists: 0, found: 50 });
  });

  it('believes that all of a few are gone where more are known, and not that all are', async () => {
    const gone = (): ReadOutcome => ({ ok: true, value: 'gone' });
    const { views } = await refreshed({ ok: true, value: 'unavailable' }, gone, IDS.length + 1);
    expect([...views.values()].every(({ kind }) => kind === 'gone')).toBe(true);
    await expect(refreshed({ ok: true, value: 'unavailable' }, gone)).rejects.toThrow('seem to be gone');
  });
});

import type { StoredWebhook } from './account.js';
import { type ApiResponse, json } from './http.js';
import type { Quirks } from './options.js';

export const PAGE_LIMIT = { usual: 100, most: 1000 } as const;

/** A webhook as GET shows it. Its id is a string; a removed one keeps the id, and its other fields are empty. */
export function shownWebhook(webhook: StoredWebhook, quirks: Quirks): Readonly<Record<string, unknown>> {
  const { id, handler, trigger, callers, database, collection, removedAt } = webhook;
  const limits = { database: shownLimit(database, quirks), collection: shownLimit(collection, quirks) };
  const shown = {
    ID: String(id),
    handler,
    trigger,
    callers,
    ...(quirks.limits !== 'absent' && limits),
    ...quirks.extraProperties,
  };
  if (removedAt === null) return shown;
  const emptied = Object.fromEntries(Object.keys(shown).map((key) => [key, '']));
  return { ...emptied, ID: String(id), callers: [], removed: dateTime(removedAt) };
}

function shownLimit(id: number | null, { limits }: Quirks): string | number | null {
  if (id === null) return null;
  switch (limits) {
    case 'string':
      return String(id);
    case 'number':
      return id;
    case 'null':
    case 'absent':
      return null;
  }
}

/** `YYYY-MM-DD HH:MM:SS`, in UTC. */
function dateTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** One page of the items that the query asks for, in the envelope of every list. */
export function page<T>(items: readonly T[], query: string, show: (item: T) => unknown): ApiResponse {
  const asked = new URLSearchParams(query);
  const start = count(asked.get('start')) ?? 0;
  const limit = Math.min(count(asked.get('limit')) ?? PAGE_LIMIT.usual, PAGE_LIMIT.most);
  const withTotal = !['false', '0'].includes(asked.get('total') ?? '');
  return json(envelope(items, start, limit, withTotal, show));
}

/** The first page of a list that is part of another answer: the collections of a database. */
export function nestedPage<T>(items: readonly T[], show: (item: T) => unknown): object {
  return envelope(items, 0, PAGE_LIMIT.usual, true, show);
}

function envelope<T>(
  items: readonly T[],
  start: number,
  limit: number,
  withTotal: boolean,
  show: (item: T) => unknown,
): object {
  const data = items.slice(start, start + limit).map(show);
  return { start, limit, count: data.length, ...(withTotal && { total: items.length }), data };
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

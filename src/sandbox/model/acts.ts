import type { Account, StoredWebhook } from './account.js';
import type { Call } from './calls.js';
import { allCallers, readBody, webhookData } from './data.js';
import { type ApiRequest, type ApiResponse, empty, json, REFUSALS, refusal } from './http.js';
import type { CollectionOptions, DatabaseOptions, Quirks } from './options.js';

/** Everything an act depends on. `now` in milliseconds since 1970. */
export interface Act {
  readonly account: Account;
  readonly quirks: Quirks;
  readonly version: number;
  readonly request: ApiRequest;
  readonly now: number;
}

/** Does what the call says to the account and answers it. */
export function carryOut(call: Exclude<Call, { kind: 'token' }>, act: Act): ApiResponse {
  const { account, quirks, request } = act;
  switch (call.kind) {
    case 'create':
      return create(act);
    case 'read':
      return withWebhook(account, call.id, (webhook) => json(shownWebhook(webhook, quirks)));
    case 'update':
      return withWebhook(account, call.id, (webhook) => update(webhook, act));
    case 'delete':
      return withWebhook(account, call.id, (webhook) => remove(webhook, act));
    case 'list':
      if (quirks.list === 'refused') return refusal(REFUSALS.method);
      return json(page(account.live(), request.query, (webhook) => shownWebhook(webhook, quirks)));
    case 'identity':
      return json(account.options.identity);
    case 'databases':
      return json(page(account.options.databases ?? [], request.query, shownDatabase));
    case 'collections':
      return collections(call.database, act);
    case 'unknown':
      return refusal(REFUSALS.method);
  }
}

/** There is no idempotency key: the same POST twice makes two webhooks. */
function create({ account, quirks, version, request, now }: Act): ApiResponse {
  const body = readBody(request);
  const data = body === null ? null : webhookData(body, account.options);
  if (data === null) return refusal(REFUSALS.data);
  const { id } = account.create(data, now);
  const location = `${origin(request)}/v${version}/webhook/${id}`;
  const headers = { 'X-Created': String(id), 'X-Location': location, Location: location };
  return empty(201, Object.fromEntries(quirks.createdHeaders.map((name) => [name, headers[name]])));
}

/** Database and collection are not among the fields of a PUT: they are ignored, right or wrong. */
function update(webhook: StoredWebhook, { account, quirks, request }: Act): ApiResponse {
  if (webhook.removedAt !== null) return refusal(REFUSALS.removed);
  const body = readBody(request);
  const data = body === null ? null : webhookData({ ...body, database: null, collection: null }, account.options);
  if (data === null) return refusal(REFUSALS.data);
  const unnamed = quirks.putWithoutCallers === 'keeps' ? webhook.callers : allCallers();
  account.change(webhook, { handler: data.handler, trigger: data.trigger, callers: data.callers ?? unnamed });
  if (quirks.putStatus === 204) return empty(204);
  // The live API echoes the URL of the request, access token and all.
  const query = request.query === '' ? '' : `?${request.query}`;
  return empty(303, { Location: `${origin(request)}${request.path}${query}` });
}

function remove(webhook: StoredWebhook, { account, quirks, now }: Act): ApiResponse {
  if (webhook.removedAt !== null) return refusal(REFUSALS.removed);
  account.change(webhook, { removedAt: now });
  return empty(quirks.deleteStatus, { 'X-deleted': `webhook ${webhook.id}` });
}

function collections(database: number, { account, request }: Act): ApiResponse {
  const found = account.options.databases?.find(({ id }) => id === database);
  if (found === undefined) return refusal(REFUSALS.unknownDatabase);
  return json(page(found.collections ?? [], request.query, (collection) => shownCollection(collection, found)));
}

function withWebhook(account: Account, id: number, then: (webhook: StoredWebhook) => ApiResponse): ApiResponse {
  const webhook = account.find(id);
  return webhook === undefined ? refusal(REFUSALS.unknownId) : then(webhook);
}

function shownDatabase(database: DatabaseOptions): object {
  const { id, name, collections: all = [] } = database;
  const shown = page(all, '', (collection) => shownCollection(collection, database));
  return { ID: String(id), name, description: '', collections: shown };
}

function shownCollection({ id, name }: CollectionOptions, database: DatabaseOptions): object {
  return { ID: String(id), name, database: String(database.id) };
}

function origin({ headers }: ApiRequest): string {
  return headers.host === undefined ? 'https://api.copernica.com' : `http://${headers.host}`;
}

const PAGE_LIMIT = { usual: 100, most: 1000 } as const;

/** A webhook as GET shows it. Its id is a string; a removed one keeps the id, and its other fields are empty. */
function shownWebhook(webhook: StoredWebhook, quirks: Quirks): Readonly<Record<string, unknown>> {
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
function page<T>(items: readonly T[], query: string, show: (item: T) => unknown): object {
  const asked = new URLSearchParams(query);
  const start = count(asked.get('start')) ?? 0;
  const limit = Math.min(count(asked.get('limit')) ?? PAGE_LIMIT.usual, PAGE_LIMIT.most);
  const data = items.slice(start, start + limit).map(show);
  const withTotal = !['false', '0'].includes(asked.get('total') ?? '');
  return { start, limit, count: data.length, ...(withTotal && { total: items.length }), data };
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

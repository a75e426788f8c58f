import type { Account, StoredWebhook } from './account.js';
import type { Call } from './calls.js';
import { CALLERS, readBody, webhookData } from './data.js';
import { type ApiRequest, type ApiResponse, empty, json, page, REFUSALS, refusal } from './http.js';
import { logfile, logfiles } from './logfiles.js';
import type { CollectionOptions, DatabaseOptions, Quirks } from './options.js';

/** Everything an act depends on. `now`: milliseconds since 1970. */
export interface Act {
  readonly account: Account;
  readonly quirks: Quirks;
  readonly version: number;
  readonly request: ApiRequest;
  readonly now: number;
  /** The id of the next webhook of any account. */
  readonly takeId: () => number;
}

/** Carries out the call on the account and answers it. */
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
    case 'list': {
      if (quirks.list === 'refused') return refusal(REFUSALS.method);
      const live = [...account.webhooks.values()].filter(({ removedAt }) => removedAt === null);
      return json(page(live, request.query, (webhook) => shownWebhook(webhook, quirks)));
    }
    case 'identity':
      return json(account.options.identity);
    case 'databases':
      return json(page(account.options.databases ?? [], request.query, shownDatabase));
    case 'collections': {
      const database = account.options.databases?.find(({ id }) => id === call.database);
      return database === undefined ? refusal(REFUSALS.unknownDatabase) : json(collectionsOf(database, request.query));
    }
    case 'logfiles':
      return json(logfiles(account.deliveryErrors, request.query));
    case 'logfile': {
      const found = logfile(account.deliveryErrors, call.name);
      return found === null ? refusal(REFUSALS.unknownId) : json(found);
    }
    case 'unknown':
      return refusal(REFUSALS.method);
  }
}

/** There is no idempotency key: the same POST twice makes two webhooks. */
function create({ account, version, request, now, takeId }: Act): ApiResponse {
  const data = webhookData(readBody(request));
  if (data === null) return refusal(REFUSALS.data);
  const id = takeId();
  account.webhooks.set(id, { ...data, id, callers: data.callers ?? CALLERS, createdAt: now, removedAt: null });
  return empty(201, { 'X-Created': String(id), 'X-Location': `${origin(request)}/v${version}/webhook/${id}` });
}

/** Database and collection are not fields of a PUT: they are ignored, valid or not. */
function update(webhook: StoredWebhook, { account, quirks, request }: Act): ApiResponse {
  if (webhook.removedAt !== null) return refusal(REFUSALS.removed);
  const data = webhookData({ ...readBody(request), database: null, collection: null });
  if (data === null) return refusal(REFUSALS.data);
  const { handler, trigger, callers = quirks.putWithoutCallers === 'keeps' ? webhook.callers : CALLERS } = data;
  account.webhooks.set(webhook.id, { ...webhook, handler, trigger, callers });
  // The live API echoes the URL of the request, including the access token.
  const query = request.query === '' ? '' : `?${request.query}`;
  return empty(303, { Location: `${origin(request)}${request.path}${query}` });
}

function remove(webhook: StoredWebhook, { account, now }: Act): ApiResponse {
  if (webhook.removedAt !== null) return refusal(REFUSALS.removed);
  account.webhooks.set(webhook.id, { ...webhook, removedAt: now });
  return empty(200, { 'X-deleted': `webhook ${webhook.id}` });
}

function withWebhook({ webhooks }: Account, id: number, then: (webhook: StoredWebhook) => ApiResponse): ApiResponse {
  const webhook = webhooks.get(id);
  return webhook === undefined ? refusal(REFUSALS.unknownId) : then(webhook);
}

function shownDatabase(database: DatabaseOptions): object {
  const { id, name } = database;
  return { ID: String(id), name, description: '', collections: collectionsOf(database, '') };
}

function collectionsOf({ id: database, collections = [] }: DatabaseOptions, query: string): object {
  const show = ({ id, name }: CollectionOptions) => ({ ID: String(id), name, database: String(database) });
  return page(collections, query, show);
}

function origin({ headers }: ApiRequest): string {
  return headers.host === undefined ? 'https://api.copernica.com' : `http://${headers.host}`;
}

/** A webhook as GET shows it, with its id as a string. A removed one keeps its id; its other fields are empty. */
function shownWebhook(webhook: StoredWebhook, quirks: Quirks): Readonly<Record<string, unknown>> {
  const { id, handler, trigger, callers, database, collection, removedAt } = webhook;
  const limits = { database: shownScope(database, quirks), collection: shownScope(collection, quirks) };
  const shown = { ID: String(id), handler, trigger, callers, ...(quirks.limits !== 'absent' && limits) };
  if (removedAt === null) return shown;
  const emptied = Object.fromEntries(Object.keys(shown).map((key) => [key, '']));
  // `YYYY-MM-DD HH:MM:SS`, in UTC.
  const removed = new Date(removedAt).toISOString().slice(0, 19).replace('T', ' ');
  return { ...emptied, ID: String(id), callers: [], removed };
}

function shownScope(id: number | null, { limits }: Quirks): string | number | null {
  if (id === null || limits === 'null') return null;
  return limits === 'string' ? String(id) : id;
}

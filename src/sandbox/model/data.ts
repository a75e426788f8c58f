import type { ApiRequest } from './http.js';
import type { AccountOptions, DatabaseOptions } from './options.js';

// Deliberately not taken from src/webhook.ts: a trigger that the manifest gets wrong must be refused here.
const TRIGGERS: ReadonlySet<unknown> = new Set([
  'create',
  'update',
  'delete',
  'click',
  'delivery',
  'open',
  'bounce',
  'failure',
  'unsubscribe',
]);
const CALLERS = ['ms', 'publisher'];

/** The fields of a webhook after validation. `callers` null: none were given. */
export interface WebhookData {
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[] | null;
  readonly database: number | null;
  readonly collection: number | null;
}

/** The body as properties, JSON or form; null when it is neither or its content type says something else. */
export function readBody(request: ApiRequest): Readonly<Record<string, unknown>> | null {
  const type = mediaType(request);
  if (type === 'application/json') return readJsonObject(request.body);
  if (type === 'application/x-www-form-urlencoded') return readForm(request.body);
  return null;
}

/** The content type without its parameters, in lower case. */
export function mediaType({ headers }: ApiRequest): string {
  return ((headers['content-type'] ?? '').split(';', 1)[0] ?? '').trim().toLowerCase();
}

export function readJsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** As PHP reads it: `callers[]=ms&callers[]=publisher` is a list. */
function readForm(text: string): Record<string, unknown> {
  const form = new URLSearchParams(text);
  const callers = [...form].filter(([key]) => /^callers(\[\d*\])?$/.test(key)).map(([, value]) => value);
  const single = [...form].filter(([key]) => !key.startsWith('callers'));
  return { ...Object.fromEntries(single), ...(callers.length > 0 && { callers }) };
}

/**
 * The webhook that the properties describe, or null when Copernica would answer `Invalid data provided`: no absolute
 * http(s) handler, a handler whose domain isn't validated, an unknown trigger or caller, a database or collection that
 * the account does not have. What the sandbox does not know is ignored.
 */
export function webhookData(body: Readonly<Record<string, unknown>>, account: AccountOptions): WebhookData | null {
  const { handler, trigger } = body;
  const callers = readCallers(body.callers);
  const database = readLimit(body.database);
  const collection = readLimit(body.collection);
  if (typeof handler !== 'string' || !isHandler(handler, account)) return null;
  if (typeof trigger !== 'string' || !TRIGGERS.has(trigger)) return null;
  if (callers === undefined || database === undefined || collection === undefined) return null;
  if (
    account.anyLimit !== true &&
    account.databases !== undefined &&
    !limitsExist(account.databases, database, collection)
  )
    return null;
  return { handler, trigger, callers, database, collection };
}

function isHandler(handler: string, { validatedDomains }: AccountOptions): boolean {
  if (!/^https?:\/\//i.test(handler) || !URL.canParse(handler)) return false;
  if (validatedDomains === undefined) return true;
  const host = new URL(handler).hostname;
  return validatedDomains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** Null: none given, undefined: not a list of callers. */
function readCallers(value: unknown): readonly string[] | null | undefined {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return undefined;
  const known = CALLERS.filter((caller) => value.includes(caller));
  if (value.some((caller) => !CALLERS.includes(caller))) return undefined;
  return known.length === 0 ? null : [...new Set<string>(value)];
}

/** Null: no limit, undefined: not an id. */
function readLimit(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return /^[1-9]\d{0,14}$/.test(String(value)) ? Number(value) : undefined;
}

/** A collection lives in one database: with a database given, it must be that one. */
function limitsExist(databases: readonly DatabaseOptions[], database: number | null, collection: number | null) {
  const candidates = database === null ? databases : databases.filter(({ id }) => id === database);
  if (database !== null && candidates.length === 0) return false;
  if (collection === null) return true;
  return candidates.some(({ collections = [] }) => collections.some(({ id }) => id === collection));
}

/** Callers that a webhook without any is called by. */
export function allCallers(): readonly string[] {
  return CALLERS;
}

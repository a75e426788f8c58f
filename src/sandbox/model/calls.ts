/** What a method and path ask for. `unknown` is every other combination, which Copernica calls an invalid method. */
export type Call =
  | { readonly kind: 'create' | 'list' | 'identity' | 'databases' | 'unknown' }
  | { readonly kind: 'token' }
  | { readonly kind: 'read' | 'update' | 'delete'; readonly id: number }
  | { readonly kind: 'collections'; readonly database: number };

export interface Route {
  /** Null: the path has no version, as on the authentication host. */
  readonly version: number | null;
  readonly call: Call;
}

const VERSIONED = /^\/v([1-4])\/(.*)$/;
const WEBHOOK = /^webhook\/([^/]+)$/;
const COLLECTIONS = /^database\/([^/]+)\/collections$/;

/** No entity has this id, so what is not a number ends as an unknown id. */
const NO_ID = 0;

export function route(method: string, path: string): Route {
  // The authentication host has one call, at its root. It shares the sandbox's port, so both can be given as one URL.
  if (path === '/' && method === 'POST') return { version: null, call: { kind: 'token' } };
  const [, version, rest] = VERSIONED.exec(path) ?? [];
  if (version === undefined || rest === undefined) return { version: null, call: { kind: 'unknown' } };
  return { version: Number(version), call: call(method, rest) };
}

function call(method: string, rest: string): Call {
  const [, webhook] = WEBHOOK.exec(rest) ?? [];
  if (webhook !== undefined) return webhookCall(method, parseId(webhook));
  const [, database] = COLLECTIONS.exec(rest) ?? [];
  if (database !== undefined && method === 'GET') return { kind: 'collections', database: parseId(database) };
  switch (`${method} ${rest}`) {
    case 'POST webhooks':
      return { kind: 'create' };
    case 'GET webhooks':
      return { kind: 'list' };
    case 'GET identity':
      return { kind: 'identity' };
    case 'GET databases':
      return { kind: 'databases' };
    default:
      return { kind: 'unknown' };
  }
}

function webhookCall(method: string, id: number): Call {
  switch (method) {
    case 'GET':
      return { kind: 'read', id };
    case 'PUT':
      return { kind: 'update', id };
    case 'DELETE':
      return { kind: 'delete', id };
    default:
      return { kind: 'unknown' };
  }
}

function parseId(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NO_ID;
}

/** What a method and path ask for. `unknown`: any other combination, which Copernica calls an invalid method. */
export type Call =
  | { readonly kind: 'create' | 'list' | 'identity' | 'databases' | 'logfiles' | 'unknown' }
  | { readonly kind: 'token' }
  | { readonly kind: 'read' | 'update' | 'delete'; readonly id: number }
  | { readonly kind: 'collections'; readonly database: number }
  | { readonly kind: 'logfile'; readonly name: string };

export interface Route {
  /** Null: the path has no version, as on the authentication host. */
  readonly version: number | null;
  readonly call: Call;
}

/** No entity has this id, so anything that is not a number becomes an unknown id. */
const NO_ID = 0;

export function route(method: string, path: string): Route {
  // The authentication host has one call, at its root. It shares the sandbox's port, so both can have the same URL.
  if (path === '/' && method === 'POST') return { version: null, call: { kind: 'token' } };
  const [, version, resource] = /^\/v([1-4])\/(.*)$/.exec(path) ?? [];
  if (version === undefined || resource === undefined) return { version: null, call: { kind: 'unknown' } };
  return { version: Number(version), call: callOf(method, resource) };
}

function callOf(method: string, resource: string): Call {
  const file = /^logfile\/([^/]+)\/json$/.exec(resource)?.[1];
  if (method === 'GET' && file !== undefined) return { kind: 'logfile', name: file };
  const [, name = '', text = ''] = /^(webhook|database)\/([^/]+)/.exec(resource) ?? [];
  const id = /^\d{1,15}$/.test(text) ? Number(text) : NO_ID;
  const form = text === '' ? resource : `${name}/ID${resource.slice(name.length + 1 + text.length)}`;
  switch (`${method} ${form}`) {
    case 'POST webhooks':
      return { kind: 'create' };
    case 'GET webhooks':
      return { kind: 'list' };
    case 'GET webhook/ID':
      return { kind: 'read', id };
    case 'PUT webhook/ID':
      return { kind: 'update', id };
    case 'DELETE webhook/ID':
      return { kind: 'delete', id };
    case 'GET identity':
      return { kind: 'identity' };
    case 'GET databases':
      return { kind: 'databases' };
    case 'GET logfiles':
      return { kind: 'logfiles' };
    case 'GET database/ID/collections':
      return { kind: 'collections', database: id };
    default:
      return { kind: 'unknown' };
  }
}

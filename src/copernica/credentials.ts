import type { CallFailure } from './api.js';

/** What a request carries to be let in. */
export interface Access {
  /** For the query, without `?` and `&`; empty where the header does it. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a client is let in. A failure means that the API was not called. */
export interface Credentials {
  access(): Access | Promise<Access | CallFailure>;
  /** After the API refused `stale`: another access, or null where there is no other. */
  renew(stale: Access): Promise<Access | CallFailure> | null;
  /** What must be in no message. A new list whenever it changes. */
  secrets(): readonly string[];
  close(): Promise<void>;
}

/** Up to v3: the access token in the query of every call, which is why no URL is ever printed. */
export function queryCredentials(token: string): Credentials {
  const access: Access = { query: `access_token=${encodeURIComponent(token)}`, headers: {} };
  const secrets = [token];
  return { access: () => access, renew: () => null, secrets: () => secrets, close: async () => {} };
}

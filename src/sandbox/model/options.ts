export interface Identity {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly company: string;
}

export interface CollectionOptions {
  readonly id: number;
  readonly name: string;
}

export interface DatabaseOptions {
  readonly id: number;
  readonly name: string;
  readonly collections?: readonly CollectionOptions[];
}

export interface AccountOptions {
  /** Long-lived access token, at least `TOKEN_LENGTH_MIN_CHARACTERS` long. Each account needs its own. */
  readonly token: string;
  readonly identity: Identity;
  /** The databases it shows. A webhook may name other databases and collections, too. */
  readonly databases?: readonly DatabaseOptions[];
}

/** What the reference leaves open and no fault can show: see docs/sandbox.md. */
export interface Quirks {
  /** How database and collection read back. `string` and `number`: null if there is no limit. `null`: always null. */
  readonly limits: 'absent' | 'string' | 'number' | 'null';
  /** The reference says that all callers are applied; `keeps` leaves those that were set. */
  readonly putWithoutCallers: 'both' | 'keeps';
  /** GET /webhooks, which the reference does not have. */
  readonly list: 'refused' | 'envelope';
  /** Whether a new webhook's id is above all earlier ones, or below them. */
  readonly ids: 'rise' | 'fall';
}

export const DEFAULT_QUIRKS: Quirks = { limits: 'absent', putWithoutCallers: 'both', list: 'refused', ids: 'rise' };

/** Not a secret: it only opens a sandbox. */
export const SANDBOX_TOKEN = 'sandbox-access-token';

export const DEFAULT_ACCOUNT: AccountOptions = {
  token: SANDBOX_TOKEN,
  identity: { id: '34', name: 'Sandbox', description: 'Stand-in for a Copernica account', company: 'Sandbox' },
  // Something to refer to by name.
  databases: [{ id: 1017, name: 'Customers', collections: [{ id: 42, name: 'Orders' }] }],
};

/** Shorter tokens could not be masked in the request log without masking half of it. */
export const TOKEN_LENGTH_MIN_CHARACTERS = 8;

export const FIRST_WEBHOOK_ID = 1894;

export interface ModelOptions {
  /** The first is used if none is named. Default: only `DEFAULT_ACCOUNT`. */
  readonly accounts?: readonly [AccountOptions, ...AccountOptions[]];
  readonly quirks?: Partial<Quirks>;
}

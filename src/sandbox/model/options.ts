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
  /** Left out: the account shows none, and a webhook may name any database and collection. */
  readonly databases?: readonly DatabaseOptions[];
  /** A webhook may name databases and collections that are not shown, too. */
  readonly anyLimit?: boolean;
  /** Left out: every domain counts as validated. A listed domain stands for its subdomains too. */
  readonly validatedDomains?: readonly string[];
  /** The token works on v4 only, as Copernica lets one limit it. */
  readonly onlyV4?: boolean;
}

/** What the reference leaves open or the live API does otherwise: everything that may differ without being wrong. */
export interface Quirks {
  /** Headers of a 201, in this order. The live API sends X-Created; versions of the reference write X-Location or Location. */
  readonly createdHeaders: readonly ('X-Created' | 'X-Location' | 'Location')[];
  /** How database and collection read back. `string` and `number`: null where there is no limit. `null`: always null. */
  readonly limits: 'absent' | 'string' | 'number' | 'null';
  /** The live API answers 303, the reference says 204. */
  readonly putStatus: 303 | 204;
  /** The reference says all callers are applied; `keeps` leaves those that were set. */
  readonly putWithoutCallers: 'both' | 'keeps';
  readonly deleteStatus: 200 | 204;
  /** GET /webhooks, which the reference does not have. */
  readonly list: 'refused' | 'envelope';
  /** Properties that no page mentions, added to every webhook that is read. */
  readonly extraProperties: Readonly<Record<string, unknown>>;
}

export const DEFAULT_QUIRKS: Quirks = {
  createdHeaders: ['X-Created', 'X-Location'],
  limits: 'absent',
  putStatus: 303,
  putWithoutCallers: 'both',
  deleteStatus: 200,
  list: 'refused',
  extraProperties: {},
};

/** Not a secret: it opens nothing but a sandbox. */
export const SANDBOX_TOKEN = 'sandbox-access-token';

export const DEFAULT_ACCOUNT: AccountOptions = {
  token: SANDBOX_TOKEN,
  identity: { id: '34', name: 'Sandbox', description: 'Stand-in for a Copernica account', company: 'Sandbox' },
  // Something to call by its name. Ids of the user's own account are as good, or nobody could try a manifest here.
  databases: [{ id: 1017, name: 'Customers', collections: [{ id: 42, name: 'Orders' }] }],
  anyLimit: true,
};

/** Shorter tokens could not be masked in the request log without masking half of it. */
export const TOKEN_LENGTH_MIN_CHARACTERS = 8;

export const FIRST_WEBHOOK_ID = 1894;

export const JWT_LIFE_MS = 24 * 60 * 60 * 1000;

export interface ModelOptions {
  /** The first is the one that is meant where none is named. Default: `DEFAULT_ACCOUNT` alone. */
  readonly accounts?: readonly [AccountOptions, ...AccountOptions[]];
  readonly quirks?: Partial<Quirks>;
  /** Id of the first webhook. Default: `FIRST_WEBHOOK_ID`. */
  readonly firstId?: number;
  /** How long a JWT is good for; its `exp` is rounded up to a second. Default: `JWT_LIFE_MS`. */
  readonly jwtLifeMs?: number;
}

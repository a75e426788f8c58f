import { isPostgresUrl, type PostgresAddress, parsePostgresUrl, shownAddress } from '../state/postgres/address.js';

/** Where a state is kept. */
export type StatePlace =
  | { readonly kind: 'file'; readonly path: string }
  /** `password` left out: the one in PGPASSWORD or PGPASSFILE, or none. */
  | { readonly kind: 'postgres'; readonly address: PostgresAddress; readonly password: string | undefined };

/** Why a text can't be the place of a state, completing "it …". Null: it can. */
export function whyNoStatePlace(text: string): string | null {
  if (text.trim() === '') return 'is empty';
  if (!isPostgresUrl(text)) return null;
  const parsed = parsePostgresUrl(text);
  return parsed.ok ? null : parsed.why;
}

/** The place that --state names. In a database, the state has the account's name. */
export function statePlaceOf(text: string, account: string | null): StatePlace {
  if (!isPostgresUrl(text)) return { kind: 'file', path: text };
  const parsed = parsePostgresUrl(text, account ?? undefined);
  if (!parsed.ok) throw new Error(`a state at a URL that ${parsed.why}`);
  return { kind: 'postgres', address: parsed.address, password: parsed.password };
}

/** For people and messages, without a password. */
export function shownPlace(place: StatePlace): string {
  return place.kind === 'file' ? place.path : shownAddress(place.address);
}

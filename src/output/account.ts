import { printable } from '../text/printable.js';

/** The account that a plan is about, as far as known. */
export interface AccountAbout {
  /** Null: the account was not asked, and no state knows it. */
  readonly id: string | null;
  /** Name and company. Null: the account was not asked. */
  readonly name: string | null;
  readonly company: string | null;
  /** The address of its API. */
  readonly api: string;
  readonly isSandbox: boolean;
}

/** `Account 34 Development (Copernica BV) at api.copernica.com`: the first line of every plan and apply. */
export function accountLine({ id, name, company, api, isSandbox }: AccountAbout): string {
  const who = id === null ? 'Account not known yet,' : `Account ${id}${name === null || name === '' ? '' : ` ${name}`}`;
  const owner = company === null || company === '' ? '' : ` (${company})`;
  const where = isSandbox ? 'the built-in sandbox' : new URL(api).host;
  return printable(`${who}${owner} at ${where}`);
}

/** An account that could not be asked. */
export function unknownAccount({
  apiUrl,
  sandbox,
}: {
  readonly apiUrl: string;
  readonly sandbox: boolean;
}): AccountAbout {
  return { id: null, name: null, company: null, api: apiUrl, isSandbox: sandbox };
}

/** The same in documents. */
export function accountJson({ id, name, api }: AccountAbout) {
  return { id, name, api };
}

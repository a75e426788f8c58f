import { printable } from '../text/printable.js';

/** Whom a plan is about, as far as that is known. */
export interface AccountAbout {
  /** Null: neither the account was asked, nor is there a state that knows it. */
  readonly id: string | null;
  /** Name and company; null: the account was not asked. */
  readonly name: string | null;
  readonly company: string | null;
  /** Where its API is. */
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

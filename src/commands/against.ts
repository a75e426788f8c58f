import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { productError } from '../errors.js';
import { groupBy } from '../plan/group.js';
import type { AccountSettings } from '../settings/resolve.js';

/**
 * Finds the manifest to compare each account's own with, from what `--against` gave:
 *
 *     NAME=FILE    the one of account NAME; once for each account
 *     FOLDER       the file in it with the name of the account's manifest
 *     FILE         the one of the only account, or of several that share a manifest
 *
 * Throws ProductError of kind `input` if that leaves it open.
 */
export async function otherManifests(
  given: readonly string[],
  accounts: readonly AccountSettings[],
): Promise<ReadonlyMap<AccountSettings, string>> {
  const others = new Map<AccountSettings, string>();
  const common: string[] = [];
  for (const value of given) {
    const account = accounts.find(({ name }) => name !== null && value.startsWith(`${name}=`));
    if (account === undefined) common.push(value);
    else others.set(account, value.slice(`${account.name}=`.length));
  }
  const rest = accounts.filter((account) => !others.has(account));
  if (rest.length === 0) return others;
  const [path, ...more] = common;
  if (path === undefined) throw unclear('does not cover', rest);
  if (more.length > 0) throw unclear('gives several manifests without the name of an account, for', rest);
  const isFolder = await isFolderAt(path);
  for (const account of rest) others.set(account, isFolder ? join(path, basename(account.settings.file)) : path);
  for (const sharing of groupBy(rest, (account) => others.get(account)).values()) {
    const files = new Set(sharing.map(({ settings }) => resolve(settings.file)));
    if (files.size > 1) throw unclear('would be the same manifest for', sharing);
  }
  return others;
}

function unclear(what: string, accounts: readonly AccountSettings[]) {
  const names = accounts.map(({ name }) => name ?? 'the account').join(', ');
  return productError('input', {
    code: 'against-which',
    message: `--against ${what} ${names}`,
    remedy:
      'give NAME=FILE for each account, or a folder with files of the same names as the manifests of the accounts',
  });
}

async function isFolderAt(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() === true;
}

import { type Problem, ProductError, productError } from '../errors.js';
import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import { problemLists } from '../output/plan-json.js';
import { loadSettings } from '../settings/load.js';
import type { AccountSettings } from '../settings/resolve.js';
import { readNotifyUrl, readToken } from '../settings/secrets.js';
import { secretsOfNotifyUrl } from '../settings/values.js';
import { nearest } from '../text/suggest.js';
import { type CommandResult, failedResult, type Invocation } from './command.js';

/** Paths that accounts can't share. */
const ONE_ACCOUNT_FLAGS = ['file', 'state'] as const;

/**
 * The accounts that a command is for: all in the settings file, or the one named by --account. Throws ProductError of
 * kind `input`.
 */
export async function chosenAccounts(host: Host, invocation: Invocation): Promise<readonly AccountSettings[]> {
  const { accounts } = await loadSettings({ ...invocation, environment: host.environment });
  await learnSecrets(host, accounts);
  const chosen = invocation.account === undefined ? accounts : [pick(invocation.account, accounts)];
  const shared = ONE_ACCOUNT_FLAGS.find((flag) => invocation.flags.has(flag));
  if (chosen.length > 1 && shared !== undefined) {
    throw productError('input', {
      code: 'flag-for-all-accounts',
      message: `--${shared} would apply to all accounts: ${namesOf(accounts)}`,
      remedy: 'choose one with --account',
    });
  }
  return chosen;
}

/**
 * Of all accounts, not only the chosen ones: one account's manifest must not be able to send another's token, or the
 * address of its notices.
 */
async function learnSecrets({ environment, secrets }: Host, accounts: readonly AccountSettings[]): Promise<void> {
  for (const { token, settings, statePlace } of accounts) {
    if (statePlace.kind === 'postgres') secrets.learnValue(statePlace.password ?? environment.PGPASSWORD ?? '');
    // Whoever needs the file gets its error; others do without it.
    const notifyUrl = await readNotifyUrl(settings).catch(() => '');
    for (const secret of secretsOfNotifyUrl(notifyUrl)) secrets.learnValue(secret);
    if (token.variable !== undefined) secrets.learnVariable(token.variable);
    secrets.learnValue((await readToken(environment, token).catch(() => null))?.text ?? '');
  }
}

/** The account of a command that needs exactly one. Throws ProductError of kind `input`. */
export async function onlyAccount(host: Host, invocation: Invocation): Promise<AccountSettings> {
  const [account, ...others] = await chosenAccounts(host, invocation);
  if (account !== undefined && others.length === 0) return account;
  throw productError('input', {
    code: 'which-account',
    message: `${invocation.command} works on one account, and the settings file has ${others.length + 1}`,
    remedy: `choose one with --account: ${account?.name}, ${namesOf(others)}`,
  });
}

function pick(name: string, accounts: readonly AccountSettings[]): AccountSettings {
  const found = accounts.find((account) => account.name === name);
  if (found !== undefined) return found;
  const names = accounts.flatMap((account) => account.name ?? []);
  const near = nearest(name, names);
  const known = names.length === 0 ? 'the settings file lists no accounts' : `use one of ${names.join(', ')}`;
  throw productError('input', {
    code: 'unknown-account',
    message: `there is no account ${JSON.stringify(name)}`,
    remedy: near === undefined ? known : `did you mean ${near}?`,
  });
}

function namesOf(accounts: readonly AccountSettings[]): string {
  return accounts.map(({ name }) => name).join(', ');
}

/**
 * Runs a command for all accounts at once: one in trouble, or waiting, holds up no other. Combines their results: texts
 * under headlines, documents in a list, and the gravest of the exit codes. `total` is asked for the last line when all
 * have ended.
 */
export async function forAccounts(
  accounts: readonly AccountSettings[],
  body: (account: AccountSettings) => Promise<CommandResult>,
  {
    total = () => '',
    documentOfFailed = () => ({}),
  }: {
    /** One line about all of them. */
    readonly total?: () => string;
    /** The document of an account that failed, to go with its errors. */
    readonly documentOfFailed?: (account: AccountSettings) => object;
  } = {},
): Promise<CommandResult> {
  const results = await Promise.all(
    accounts.map(async (account) => {
      const result = await body(account).catch((error: unknown) => {
        // With a single account, it ends the command itself.
        if (error instanceof ProductError && account.name !== null)
          return { ...failedResult(error), document: documentOfFailed(account) };
        throw error;
      });
      return { name: account.name, result };
    }),
  );
  const [first, ...others] = results;
  if (first !== undefined && others.length === 0) return first.name === null ? first.result : named(first);
  return together(results, total());
}

interface NamedResult {
  readonly name: string | null;
  readonly result: CommandResult;
}

/** One of several accounts, asked for by name: printed like a single one. */
function named({ name, result }: NamedResult): CommandResult {
  const document = Array.isArray(result.document) ? rowsOf({ name, result }) : withLabel(name, result.document);
  return { ...result, document, problems: labelled(result, name) };
}

/** Adds the account's name in the settings, beside what Copernica says of the account, if that is there. */
function withLabel(label: string | null, document: object = {}): object {
  if (!('account' in document) || typeof document.account !== 'object') return { account: label, ...document };
  return { ...document, account: { label, ...document.account } };
}

function together(results: readonly NamedResult[], total: string): CommandResult {
  const asRows = results.some(({ result }) => Array.isArray(result.document));
  const changes = results.some(({ result }) => result.exitCode === EXIT.changes);
  return {
    document: asRows ? results.flatMap(rowsOf) : { accounts: results.map(documentOf) },
    text: [...results.flatMap(({ name, result }) => (result.text ? `account ${name}\n${result.text}` : [])), total]
      .filter((text) => text !== '')
      .join('\n'),
    problems: results.flatMap(({ name, result }) => labelled(result, name)),
    failures: results.flatMap(({ result }) => result.failures ?? []),
    ...(changes ? { exitCode: EXIT.changes } : {}),
  };
}

function rowsOf({ name, result }: NamedResult): object[] {
  const rows: readonly object[] = Array.isArray(result.document) ? result.document : [];
  return rows.map((row) => ({ account: name, ...row }));
}

function documentOf({ name, result }: NamedResult) {
  return { ...withLabel(name, result.document), ...problemLists(labelled(result, name)) };
}

function labelled({ problems = [] }: CommandResult, account: string | null): Problem[] {
  return problems.map((problem) => (account === null ? problem : { ...problem, account }));
}

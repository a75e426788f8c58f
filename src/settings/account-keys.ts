/** The key of the settings file under which several accounts stand. */
export const ACCOUNTS_KEY = 'accounts';

/** Keys of an account besides settings: its name, and where its token comes from. */
export const OWN_ACCOUNT_KEYS = ['name', 'access-token-env', 'access-token-file'] as const;

/** As in names of entries: they stand in logs, metrics and file names. */
export const ACCOUNT_NAME_PATTERN = /^[A-Za-z0-9._-]{1,100}$/;

/** Names of environment variables, as POSIX has them. */
export const VARIABLE_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Settings of the process, which no account can have of its own. */
export const PROCESS_WIDE: ReadonlySet<string> = new Set([
  'listen',
  'allowed-hosts',
  'log-level',
  'log-format',
  'sandbox',
]);

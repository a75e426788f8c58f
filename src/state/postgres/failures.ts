import pg from 'pg';
import { errorCode, ProductError, productError } from '../../errors.js';
import { describeHolder, type Holder } from '../store.js';

/** SQLSTATE for a missing privilege. */
export const MAY_NOT = '42501';

const UNKNOWN_AUTHORITY = {
  reason: 'its certificate comes from an authority that is not trusted',
  remedy: 'name the PEM file of that authority with sslrootcert in the URL',
};

/** What an error means and what helps, by SQLSTATE or by the system's name of the error. */
const KNOWN: Readonly<Record<string, { readonly reason: string; readonly remedy: string }>> = {
  '28P01': { reason: 'the password is wrong', remedy: 'check the password in the URL, PGPASSWORD or PGPASSFILE' },
  '28000': { reason: 'the server does not let this user in', remedy: 'check the user, and pg_hba.conf of the server' },
  '3D000': { reason: 'there is no such database', remedy: 'create the database, or name another in the URL' },
  [MAY_NOT]: { reason: 'this user may not do that', remedy: 'grant it the rights that docs/postgresql.md lists' },
  '25006': { reason: 'the server is a standby that takes no writes', remedy: 'connect to the primary' },
  '53300': { reason: 'the server has too many connections', remedy: 'raise max_connections, or use a pooler' },
  '55P03': { reason: 'another transaction holds a lock for too long', remedy: 'see in pg_stat_activity which' },
  '57014': { reason: 'the server took too long', remedy: 'see what slows the server down' },
  ECONNREFUSED: { reason: 'nothing listens there', remedy: 'check host and port, and that the server runs' },
  ENOTFOUND: { reason: 'the host has no address', remedy: 'check the host in the URL' },
  EAI_AGAIN: { reason: 'the name server does not answer', remedy: 'check the network' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another host',
    remedy: 'use the host name in the URL that the certificate names',
  },
  ...Object.fromEntries(
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ].map((code) => [code, UNKNOWN_AUTHORITY]),
  ),
  CERT_HAS_EXPIRED: { reason: 'its certificate has expired', remedy: 'renew the certificate of the server' },
  ENOENT: { reason: 'there is no such socket', remedy: 'check the folder after host=, and that the server runs' },
};

/** What pg says, without a code, if the server has no TLS. */
const SAYS_NO_TLS = 'The server does not support SSL connections';
const WITHOUT_TLS = {
  reason: 'the server does not offer TLS, which sslmode=verify-full asks for',
  remedy: 'set ssl = on in the server’s settings, or write sslmode=disable where the way to it can be trusted',
};

/** Its name in the schema. */
const ONE_STATE_PER_ACCOUNT = 'one_state_per_account';

const LATER = 'whatever was sent and not recorded is looked for first';

/**
 * What a failure of the server, or of the way to it, means to the user. A ProductError is returned as it is. `done` is
 * the participle that completes "could not be".
 */
export function databaseFailure(place: string, done: string, cause: unknown): ProductError {
  if (cause instanceof ProductError) return cause;
  const code = errorCode(cause);
  if (cause instanceof pg.DatabaseError && cause.constraint === ONE_STATE_PER_ACCOUNT) {
    return accountTaken(place, cause);
  }
  const isWithoutTls = cause instanceof Error && cause.message === SAYS_NO_TLS;
  const known = isWithoutTls ? WITHOUT_TLS : KNOWN[code];
  const reason = known === undefined ? textOf(cause) : `${known.reason}${code === '' ? '' : ` (${code})`}`;
  const remedy = `${known?.remedy ?? 'check the server and the network'}, then run again: ${LATER}`;
  return productError(
    'failed',
    { code: 'state-failed', message: `${place} could not be ${done}: ${reason}`, remedy },
    { cause },
  );
}

/** Runs `act`. A failure of the database becomes an error for the user, as `databaseFailure` describes. */
export async function failing<T>(place: string, done: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw databaseFailure(place, done, error);
  }
}

/** An account can have only one state. */
export function accountTaken(place: string, cause?: unknown): ProductError {
  return productError(
    'refused',
    {
      code: 'state-of-account-exists',
      message: `this account has a state of another name in this database already: with ${place} beside it every webhook would be made twice`,
      remedy:
        'use the name of that state after # in --state, or check the token; `list` with each name shows its webhooks',
    },
    { cause },
  );
}

/** SQLSTATE of a server or pooler that stops, crashed or starts: the connection ended, nothing was refused. */
const CONNECTION_ENDED = /^(57P0[123]|08...)$/;

/** True if the server may have carried it out all the same, since no answer says that it did not. */
export function isUnanswered(cause: unknown): boolean {
  if (cause instanceof pg.DatabaseError) return CONNECTION_ENDED.test(cause.code ?? '');
  return !(cause instanceof ProductError);
}

/** The server's error may quote what it was sent, so only its message and code are shown, on one line. */
function textOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = errorCode(cause);
  const line = text.split('\n', 1)[0]?.slice(0, 200) ?? '';
  return code === '' || line.includes(code) ? line : `${line} (${code})`;
}

export function leaseLost(place: string): ProductError {
  return productError('refused', {
    code: 'lease-lost',
    message: `the lease on ${place} was lost: it could not be renewed in time, and another process may go on`,
    remedy: `nothing more was sent; run again when the server answers: ${LATER}`,
  });
}

export function wentBack(place: string): ProductError {
  return productError('refused', {
    code: 'state-went-back',
    message: `${place} went back in time: records that this process wrote are not there any more`,
    remedy:
      'a failover lost commits, or a backup was restored: find what is missing with `discover` before the next apply',
  });
}

/** `version` null: there is no schema yet. */
export function olderSchema(place: string, version: number | null): ProductError {
  const what =
    version === null ? 'has no schema yet' : `has schema version ${version}, of an earlier version of this program`;
  return productError('refused', {
    code: 'state-older',
    message: `${place} ${what}, and this user may not change that`,
    remedy: 'run `state migrate` with the role that owns the schema; docs/postgresql.md lists the roles',
  });
}

export function oldServer(place: string, major: number): ProductError {
  return productError('refused', {
    code: 'state-server',
    message: `${place} is on PostgreSQL ${major}, and this program needs 14 or later`,
    remedy: 'upgrade the server, or keep the state elsewhere',
  });
}

export function standby(place: string): ProductError {
  return productError('refused', {
    code: 'state-server',
    message: `${place} is on a standby, which takes no writes`,
    remedy: 'connect to the primary; `plan` and `list` work on a standby, too',
  });
}

/** `what` completes "has". */
export function newerState(place: string, what: string): ProductError {
  return productError('refused', {
    code: 'state-newer',
    message: `${place} has ${what}, which only a later version of this program knows`,
    remedy: 'update this program',
  });
}

export function held(place: string, holder: Holder): ProductError {
  return productError('refused', {
    code: 'lock-held',
    message: `${place} is locked by ${describeHolder(holder)}`,
    remedy: 'try again when that is done, or wait for it with --lock-timeout (for example --lock-timeout 60s)',
  });
}

export function existsFailure(place: string): ProductError {
  return productError('refused', {
    code: 'state-exists',
    message: `there is a state in ${place} already`,
    remedy: 'run again: it is used as it is',
  });
}

/** `what` completes "record 12 …". */
export function damaged(place: string, number: number, what: string): ProductError {
  return productError('refused', {
    code: 'state-damaged',
    message: `${place} is damaged: record ${number} ${what}`,
    remedy: 'restore the newest backup of the database; nothing was changed or sent',
  });
}

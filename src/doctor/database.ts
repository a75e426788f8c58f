import { isInClear } from '../state/postgres/address.js';
import type { Diagnosis } from '../state/postgres/diagnose.js';
import { counted } from '../text/words.js';
import { type Finding, type Found, ok, problem, warning } from './check.js';
import type { Context } from './context.js';

/** These checks are for a state in a database: they do not apply to a file. */
function ofDatabase(check: (facts: Diagnosis, context: Context) => Found | Promise<Found>) {
  return async (context: Context): Promise<Found> => {
    const facts = await context.database();
    return facts === null ? [] : check(facts, context);
  };
}

const ROLES = 'docs/postgresql.md has the statements for roles';

export const checkDatabase = ofDatabase(({ server, isStandby, isEncrypted, isFlushed }, { settings, account }) => {
  const connection = isEncrypted ? 'with TLS' : 'not encrypted';
  const reached = ok(`${settings.state}: PostgreSQL ${majorOf(server)}, ${connection}`);
  const findings: Finding[] = [reached];
  const { statePlace: place } = account;
  if (place.kind === 'postgres' && isInClear(place.address)) {
    findings.push(
      warning('what goes to the database and back can be read on the way', 'leave sslmode=disable out of the URL'),
    );
  }
  if (isStandby) {
    const message = 'it is a standby, which takes no writes: `plan` and `list` work, `apply` and `run` do not';
    findings.push(problem(message, 'connect to the primary', 'refused'));
  }
  if (!isFlushed) {
    findings.push(
      warning('it has fsync off: a crash of its machine loses what it has confirmed', 'turn fsync on in its settings'),
    );
  }
  return findings;
});

export const checkSchema = ofDatabase(async ({ schema, wanted, mayMigrate }, { settings, state: readState }) => {
  const remedy = `run \`state migrate\` with the role that owns the schema; ${ROLES}`;
  if (schema === null) {
    if (!mayMigrate) return problem('there is no schema, and this user may not make it', remedy, 'refused');
    if (settings.init) return ok('there is no schema yet; --init makes it');
    return warning(
      'nothing was recorded yet, so everything counts as new',
      'run the first `apply` with --init; if there was a state before, check the URL',
    );
  }
  if (schema < wanted) {
    const message = `it has schema version ${schema}, and this program ${wanted}`;
    return mayMigrate ? warning(message, 'run `state migrate`, or any writer') : problem(message, remedy, 'refused');
  }
  const state = await readState();
  if (state !== null) return ok(`schema version ${schema}, ${counted(state.entries.size, 'webhook')}`);
  if (settings.init) return ok(`schema version ${schema}, and no state of this name yet; --init begins one`);
  return warning(
    `schema version ${schema}, and no state of this name: everything counts as new`,
    'check the name after # in the URL; the first time run `apply` with --init',
  );
});

export const checkRights = ofDatabase(({ schema, mayMigrate, mayRead, mayWrite }) => {
  if (schema === null) return [];
  const andMigrate = mayMigrate ? ', and update the schema' : '; `state migrate` needs the owner';
  if (mayRead && mayWrite) return ok(`this user may read and write${andMigrate}`);
  if (mayRead) return warning('this user may only read: `plan` and `list` work, `apply` and `run` do not', ROLES);
  return problem('this user may not read the tables', ROLES);
});

function majorOf(server: number): number {
  return Math.floor(server / 10_000);
}

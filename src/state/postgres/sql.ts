import type { Holder } from '../store.js';
import { type Database, literal } from './database.js';
import { schemaToRead, schemaToWrite } from './schema.js';
import type { HeldLease, RecordGroup, Tables } from './tables.js';

/** After this time, rows of dead processes are of no use. */
const FORGET_DEAD_AFTER = '1 day';

const ENROL = `
WITH dead AS (
  DELETE FROM copernica_webhooks.process WHERE expires_at < clock_timestamp() - interval '${FORGET_DEAD_AFTER}'
)
INSERT INTO copernica_webhooks.process (process, about, expires_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))`;

const RENEW = `
UPDATE copernica_webhooks.process SET expires_at = clock_timestamp() + make_interval(secs => $2)
WHERE process = $1 AND expires_at > clock_timestamp() RETURNING process`;

const BEGIN_STATE = `
WITH state AS (
  INSERT INTO copernica_webhooks.state (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING state
)
INSERT INTO copernica_webhooks.lease (state, purpose) SELECT state, 'write' FROM state`;

const RECORDS = `
SELECT r.number, r.record, r.writer, r.epoch
FROM copernica_webhooks.state s JOIN copernica_webhooks.record r ON r.state = s.state
WHERE s.name = $1 ORDER BY r.number`;

/**
 * Locks the row before reading it, and so waits for a write of its holder that is under way. A process that had expired
 * when the statement arrived can't have been renewed since: `statement_timestamp` is older than everything read.
 */
const TAKE = `
WITH old AS (
  SELECT l.state, l.about, s.last, s.manifests,
         CASE WHEN l.holder IS NULL THEN l.used_until
         ELSE greatest(l.used_until, p.expires_at, CASE WHEN p.process IS NULL THEN statement_timestamp() END) END AS until,
         l.holder IS NULL OR p.process IS NULL OR p.expires_at <= statement_timestamp() AS is_free
  FROM copernica_webhooks.lease l
  JOIN copernica_webhooks.state s ON s.state = l.state
  LEFT JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = $1 AND l.purpose = 'write'
  FOR UPDATE OF l
), taken AS (
  UPDATE copernica_webhooks.lease l SET epoch = l.epoch + 1, holder = $2, about = $3, used_until = old.until
  FROM old WHERE l.state = old.state AND l.purpose = 'write' AND old.is_free
  RETURNING l.epoch
)
SELECT old.about, old.until, old.last, old.manifests, taken.epoch
FROM old LEFT JOIN taken ON true`;

const GIVE_BACK = `
UPDATE copernica_webhooks.lease SET holder = NULL, about = NULL
WHERE state = $1 AND purpose = 'write' AND holder = $2 AND ($3::bigint IS NULL OR epoch = $3)`;

const HOLDER = `
SELECT l.about FROM copernica_webhooks.state s
JOIN copernica_webhooks.lease l ON l.state = s.state AND l.purpose = 'write'
JOIN copernica_webhooks.process p ON p.process = l.holder AND p.expires_at > clock_timestamp()
WHERE s.name = $1`;

const SET_MANIFESTS = `
UPDATE copernica_webhooks.state SET manifests = $4
WHERE state = $1 AND EXISTS (
  SELECT FROM copernica_webhooks.lease l JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = $1 AND l.purpose = 'write' AND l.holder = $2 AND l.epoch = $3
    AND p.expires_at > statement_timestamp()
) RETURNING state`;

/** The tables in PostgreSQL. `heartbeats`: the connection that renews the row of this process. */
export function sqlTables(database: Database, heartbeats = database): Tables {
  return {
    readyToRead: async (place) => (await schemaToRead(database, place)) !== null,
    readyToWrite: (place, mayBegin) => schemaToWrite(database, place, mayBegin),

    enrol: async (process, about, leaseMs) => {
      await heartbeats.query(ENROL, [process, JSON.stringify(about), leaseMs / 1000]);
    },
    renew: async (process, leaseMs) => (await heartbeats.query(RENEW, [process, leaseMs / 1000])).length > 0,
    leave: async (process) => {
      await heartbeats.query('DELETE FROM copernica_webhooks.process WHERE process = $1', [process]);
    },

    find: async (name) => {
      const [row] = await database.query('SELECT state FROM copernica_webhooks.state WHERE name = $1', [name]);
      return row === undefined ? null : String(row.state);
    },
    begin: async (name) => {
      await database.query(BEGIN_STATE, [name]);
    },
    records: async (name) => {
      const rows = await database.query(RECORDS, [name]);
      return rows.map(({ number, record, writer, epoch }) => {
        return { number: Number(number), record, process: String(writer), epoch: Number(epoch) };
      });
    },
    otherStateOf: async (account, state) => {
      const [other] = await database.query(
        'SELECT name FROM copernica_webhooks.state WHERE account = $1 AND state <> $2',
        [account, state],
      );
      return other === undefined ? null : String(other.name);
    },

    take: async ({ state, process, about }) => {
      const [row] = await database.query(TAKE, [state, process, JSON.stringify(about)]);
      if (row === undefined) throw new Error(`there is no lease on state ${state}`);
      if (row.epoch === null) return { by: row.about as Holder };
      return {
        epoch: Number(row.epoch),
        predecessorUntil: row.until as Date | null,
        last: Number(row.last),
        manifests: row.manifests as readonly string[],
      };
    },
    now: async () => {
      const [row] = await database.query('SELECT clock_timestamp() AS now');
      return row?.now as Date;
    },
    giveBack: async ({ state, process, epoch }) => {
      await database.query(GIVE_BACK, [state, process, epoch]);
    },
    holder: async (name) => {
      const [row] = await database.query(HOLDER, [name]);
      return (row?.about as Holder | undefined) ?? null;
    },

    append: async (lease, group) => {
      const [row] = await database.transact(appendStatement(lease, group));
      if (row === undefined) throw new Error('no row');
      return {
        isStored: row.is_stored === true,
        isHeld: row.is_held === true,
        was: Number(row.was),
        isOurs: row.is_ours === true,
      };
    },
    setManifests: async ({ state, process, epoch }, manifests) => {
      return (await database.query(SET_MANIFESTS, [state, process, epoch, manifests])).length > 0;
    },

    saveOutcome: async (state, record) => {
      const values = [state, JSON.stringify(record)];
      await database.query('INSERT INTO copernica_webhooks.outcome (state, record) VALUES ($1, $2)', values);
    },
    outcomes: async (state) => {
      const rows = await database.query(
        'SELECT outcome, record FROM copernica_webhooks.outcome WHERE state = $1 ORDER BY outcome',
        [state],
      );
      return rows.map(({ outcome, record }) => ({ key: String(outcome), record }));
    },
    dropOutcomes: async (state, keys) => {
      const values = [state, keys];
      await database.query('DELETE FROM copernica_webhooks.outcome WHERE state = $1 AND outcome = ANY ($2)', values);
    },
  };
}

/** Locks the row of the lease: whoever takes it waits for this statement, or this statement sees that it was taken. */
function appendStatement({ state, process, epoch }: HeldLease, { records, last, isAll, account }: RecordGroup): string {
  const [key, writer] = [literal(state), literal(process)];
  const next = last + records.length;
  const values = literal(JSON.stringify(records));
  const before = `DELETE FROM copernica_webhooks.record r USING head WHERE r.state = head.state AND r.number <= ${last}`;
  const change = account === undefined ? '' : `, account = ${account === null ? 'NULL' : literal(account)}`;
  return `WITH fence AS (
  SELECT l.epoch FROM copernica_webhooks.lease l JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = ${key} AND l.purpose = 'write' AND l.holder = ${writer} AND l.epoch = ${epoch}
    AND p.expires_at > statement_timestamp()
  FOR SHARE OF l
), head AS (
  UPDATE copernica_webhooks.state SET last = ${next}${change}
  WHERE state = ${key} AND last = ${last} AND EXISTS (SELECT FROM fence)
  RETURNING state
)${isAll ? `, replaced AS (${before})` : ''}, added AS (
  INSERT INTO copernica_webhooks.record (state, number, writer, epoch, record)
  SELECT head.state, ${last} + new.ordinality, ${writer}, ${epoch}, new.value
  FROM head, json_array_elements(${values}) WITH ORDINALITY AS new
)
SELECT EXISTS (SELECT FROM head) AS is_stored, EXISTS (SELECT FROM fence) AS is_held, s.last AS was,
  EXISTS (SELECT FROM copernica_webhooks.record r
          WHERE r.state = s.state AND r.number = ${next} AND r.writer = ${writer} AND r.epoch = ${epoch}) AS is_ours
FROM copernica_webhooks.state s WHERE s.state = ${key}`;
}

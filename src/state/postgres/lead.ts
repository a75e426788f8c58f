import { createHash } from 'node:crypto';
import type { LeadLease, LeadLeases } from '../../daemon/leadership.js';
import { describeHolder, type Holder } from '../store.js';
import type { Database, Row } from './database.js';
import { failing } from './failures.js';
import type { Joined, Members, Membership } from './membership.js';
import { schemaToWrite } from './schema.js';

export interface LeadOptions {
  /** For messages. */
  readonly place: string;
  readonly database: Database;
  readonly members: Members;
  readonly holder: Holder;
}

/** The row of this process says which states it may lead: processes with the same set share these evenly. */
const LOOK = `
WITH me AS (
  UPDATE copernica_webhooks.process SET replica = $2 WHERE process = $1 AND replica IS DISTINCT FROM $2
)
SELECT s.name, s.account IS NOT NULL AS is_begun, l.epoch, l.about, l.holder = $1 AS is_ours,
       l.holder IS NULL OR p.process IS NULL OR p.expires_at <= statement_timestamp() AS is_free,
       (SELECT count(*) FROM copernica_webhooks.process r
        WHERE r.replica = $2 AND r.process <> $1 AND r.expires_at > statement_timestamp()) AS others
FROM copernica_webhooks.state s
JOIN copernica_webhooks.lease l ON l.state = s.state AND l.purpose = 'lead'
LEFT JOIN copernica_webhooks.process p ON p.process = l.holder
WHERE s.name = ANY ($3)`;

/** Creates missing rows: leases of states that exist, and states that may be begun, with their leases. */
const MAKE_ROWS = `
WITH begun AS (
  INSERT INTO copernica_webhooks.state (name) SELECT unnest($2::text[]) ON CONFLICT (name) DO NOTHING RETURNING state
), writing AS (
  INSERT INTO copernica_webhooks.lease (state, purpose) SELECT state, 'write' FROM begun
)
INSERT INTO copernica_webhooks.lease (state, purpose)
SELECT state, 'lead' FROM begun
UNION SELECT state, 'lead' FROM copernica_webhooks.state WHERE name = ANY ($1)
ON CONFLICT DO NOTHING`;

/**
 * A look found them free. An expired row is never renewed, and taking a lease raises its epoch, so with the same epoch
 * it is still free. Rows that another process is just taking are skipped.
 */
const TAKE = `
WITH free AS (
  SELECT s.name, l.state FROM unnest($2::text[], $3::bigint[]) AS wanted (name, epoch)
  JOIN copernica_webhooks.state s ON s.name = wanted.name
  JOIN copernica_webhooks.lease l ON l.state = s.state AND l.purpose = 'lead' AND l.epoch = wanted.epoch
  FOR UPDATE OF l SKIP LOCKED
)
UPDATE copernica_webhooks.lease l SET epoch = l.epoch + 1, holder = $1, about = $4
FROM free WHERE l.state = free.state AND l.purpose = 'lead'
RETURNING free.name`;

const GIVE_BACK = `
UPDATE copernica_webhooks.lease l SET holder = NULL, about = NULL
FROM copernica_webhooks.state s
WHERE l.state = s.state AND l.purpose = 'lead' AND l.holder = $1 AND s.name = ANY ($2)`;

/** Leadership of the states in one database: a lease beside the write lease, held by the same membership. */
export function postgresLeadLeases({ place, database, members, holder }: LeadOptions): LeadLeases {
  let joined: Joined | null = null;
  let isReady = false;

  const member = async (): Promise<Membership> => {
    if (joined?.membership.isTrusted === true) return joined.membership;
    const lost = joined;
    joined = null;
    await lost?.leave();
    joined = await members.join(holder);
    return joined.membership;
  };

  const look: LeadLeases['look'] = async (accounts) => {
    const mayBegin = accounts.flatMap((account) => (account.mayBegin ? [account.name] : []));
    isReady ||= await schemaToWrite(database, place, mayBegin.length > 0);
    if (!isReady) return { leases: new Map(), replicas: 1 };
    const { id } = await member();
    const names = accounts.map(({ name }) => name).sort();
    const values = [id, createHash('sha256').update(JSON.stringify(names)).digest('hex'), names];
    const rows = await database.query(LOOK, values);
    if (rows.length === names.length) return found(rows);
    await database.query(MAKE_ROWS, [names, mayBegin]);
    return found(await database.query(LOOK, values));
  };

  return {
    look: (accounts) => failing(place, 'read', () => look(accounts)),
    take: (wanted) =>
      failing(place, 'locked', async () => {
        const { id } = await member();
        const names = wanted.map(({ name }) => name);
        const epochs = wanted.map(({ epoch }) => epoch);
        const rows = await database.query(TAKE, [id, names, epochs, JSON.stringify(holder)]);
        return new Set(rows.map(({ name }) => String(name)));
      }),
    giveBack: (names) =>
      failing(place, 'unlocked', async () => {
        if (joined !== null) await database.query(GIVE_BACK, [joined.membership.id, names]);
      }),
    isTrusted: () => joined?.membership.isTrusted === true,
    leave: async () => {
      await joined?.leave();
      joined = null;
    },
  };
}

function found(rows: readonly Row[]): Awaited<ReturnType<LeadLeases['look']>> {
  const leases = rows.map((row): [string, LeadLease] => {
    const status = row.is_ours === true ? 'ours' : row.is_free === true ? 'free' : 'taken';
    const by = status === 'taken' ? describeHolder(row.about as Holder) : null;
    return [String(row.name), { status, epoch: Number(row.epoch), isBegun: row.is_begun === true, by }];
  });
  return { leases: new Map(leases), replicas: 1 + Number(rows[0]?.others ?? 0) };
}

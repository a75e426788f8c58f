import { setTimeout as sleep } from 'node:timers/promises';
import type { Holder } from '../store.js';
import type { Database } from './database.js';
import type { Membership } from './membership.js';

/** `write`: who may add records. `lead`: whose daemon makes runs. Different processes can have them at the same time. */
export type Purpose = 'write' | 'lead';

export interface TakenLease {
  /** Higher than that of whoever had it before: what those still try to write is refused. */
  readonly epoch: number;
  /** Until when whoever had it before, and did not give it back, could use it. Null: it was given back. */
  readonly predecessorUntil: Date | null;
  /** The number of the last record. */
  readonly last: number;
  /** Digests of the manifests that were applied, the latest last. */
  readonly manifests: readonly string[];
  /** The time by the clock of the database, when this process asked. */
  readonly takenAt: Date;
}

export interface LeaseWanted {
  readonly state: string;
  readonly purpose: Purpose;
  readonly holder: Holder;
}

const POLL_MS = 250;

/**
 * Takes a lease if it is free: nobody's, or of a process whose row has expired or is gone. The row is locked before it
 * is looked at, so this waits for a write of its holder that is under way. A row that had expired when the statement
 * came can not have been renewed since: `statement_timestamp` is older than all that is read.
 */
const TAKE = `
WITH old AS (
  SELECT l.state, l.holder, l.about, p.expires_at, s.last, s.manifests,
         l.holder IS NULL OR p.process IS NULL OR p.expires_at <= statement_timestamp() AS is_free
  FROM copernica_webhooks.lease l
  JOIN copernica_webhooks.state s ON s.state = l.state
  LEFT JOIN copernica_webhooks.process p ON p.process = l.holder
  WHERE l.state = $1 AND l.purpose = $2
  FOR UPDATE OF l
), taken AS (
  UPDATE copernica_webhooks.lease l SET epoch = l.epoch + 1, holder = $3, about = $4
  FROM old WHERE l.state = old.state AND l.purpose = $2 AND old.is_free
  RETURNING l.epoch
)
SELECT old.about, CASE WHEN old.holder IS NOT NULL THEN coalesce(old.expires_at, statement_timestamp()) END AS until,
       old.last, old.manifests, taken.epoch, clock_timestamp() AS at
FROM old LEFT JOIN taken ON true`;

/** Null, with who has it: it is not free. */
async function tryToTake(
  database: Database,
  membership: Membership,
  { state, purpose, holder }: LeaseWanted,
): Promise<TakenLease | { readonly by: Holder }> {
  const asked = performance.now();
  const [row] = await database.query(TAKE, [state, purpose, membership.id, JSON.stringify(holder)]);
  if (row === undefined) throw new Error(`there is no lease ${purpose} on state ${state}`);
  if (row.epoch === null) return { by: row.about as Holder };
  // Not earlier than the clock of the database shows now, whatever the answer took.
  const takenAt = new Date((row.at as Date).getTime() + performance.now() - asked);
  const predecessorUntil = row.until as Date | null;
  return {
    epoch: Number(row.epoch),
    predecessorUntil,
    last: Number(row.last),
    manifests: row.manifests as readonly string[],
    takenAt,
  };
}

export interface Patience {
  readonly timeoutMs: number;
  readonly onWaiting?: (holder: Holder) => void;
}

/** Waits for it as long as it may. What comes back has `by` where another has it still. */
export async function takeLease(
  database: Database,
  membership: Membership,
  wanted: LeaseWanted,
  { timeoutMs, onWaiting }: Patience,
): Promise<TakenLease | { readonly by: Holder }> {
  const until = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await tryToTake(database, membership, wanted).catch(async (error: unknown) => {
      // It may be ours all the same, and this process may live on, so that nobody would get it any more.
      await giveBackLease(database, membership, wanted, null);
      throw error;
    });
    const leftMs = until - performance.now();
    if (!('by' in attempt) || leftMs <= 0) return attempt;
    if (isFirst) onWaiting?.(attempt.by);
    await sleep(Math.min(POLL_MS, leftMs));
  }
}

/**
 * It is free for others at once. Of a lease that was lost this changes nothing. Tried for as long as the membership
 * keeps it from others, which may be as long as this process lives; after that it is free anyway. `epoch` null: whatever
 * that is. Never rejects.
 */
export async function giveBackLease(
  database: Database,
  membership: Membership,
  { state, purpose }: Pick<LeaseWanted, 'state' | 'purpose'>,
  epoch: number | null,
): Promise<void> {
  for (;;) {
    try {
      await database.query(
        `UPDATE copernica_webhooks.lease SET holder = NULL, about = NULL
         WHERE state = $1 AND purpose = $2 AND holder = $3 AND ($4::bigint IS NULL OR epoch = $4)`,
        [state, purpose, membership.id, epoch],
      );
      return;
    } catch {
      if (!membership.isTrusted) return;
      await sleep(POLL_MS);
    }
  }
}

/** Enough to tell an older manifest from one that was never here. */
const MOST_MANIFESTS = 50;

/** From then on it is the latest manifest that was applied. False: the lease is lost. */
export async function addManifest(
  database: Database,
  { id }: Membership,
  { state, epoch, manifests }: Pick<LeaseWanted, 'state'> & Pick<TakenLease, 'epoch' | 'manifests'>,
  digest: string,
): Promise<boolean> {
  if (manifests.at(-1) === digest) return true;
  const next = [...manifests.filter((other) => other !== digest), digest].slice(-MOST_MANIFESTS);
  const rows = await database.query(
    `UPDATE copernica_webhooks.state SET manifests = $4
     WHERE state = $1 AND EXISTS (
       SELECT FROM copernica_webhooks.lease l JOIN copernica_webhooks.process p ON p.process = l.holder
       WHERE l.state = $1 AND l.purpose = 'write' AND l.holder = $2 AND l.epoch = $3
         AND p.expires_at > statement_timestamp()
     ) RETURNING state`,
    [state, id, epoch, next],
  );
  return rows.length > 0;
}

/** Null: nobody has it. */
export async function leaseHolder(database: Database, name: string, purpose: Purpose): Promise<Holder | null> {
  const [row] = await database.query(
    `SELECT l.about FROM copernica_webhooks.state s
     JOIN copernica_webhooks.lease l ON l.state = s.state AND l.purpose = $2
     JOIN copernica_webhooks.process p ON p.process = l.holder AND p.expires_at > clock_timestamp()
     WHERE s.name = $1`,
    [name, purpose],
  );
  return (row?.about as Holder | undefined) ?? null;
}

import type { Holder } from '../store.js';
import type { Database } from './database.js';

/** A part of the lease in which this process starts nothing more: its clock and the server's may run apart. */
const MARGIN_SHARE = 0.1;
const RENEWALS_PER_LEASE = 3;
/** Rows of processes that died are of no use after that. */
const FORGET_DEAD_AFTER = '1 day';

/**
 * This process as others see it: one row with a time at which it expires by the clock of the database, renewed for as
 * long as anything of this process needs it. All its leases stand and fall with it, so a thousand of them cost one
 * UPDATE.
 *
 * The process itself trusts it only until a moment of its own monotonic clock, reckoned from before it asked: whatever
 * the answer took, the row is good for longer than that. Errors do not extend it, and a row that has expired is never
 * renewed, since others may have taken over.
 */
export class Membership {
  readonly id = crypto.randomUUID();
  readonly #database: Database;
  readonly #leaseMs: number;
  readonly #about: Holder;
  #trustedUntil = 0;
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(database: Database, leaseMs: number, about: Holder) {
    this.#database = database;
    this.#leaseMs = leaseMs;
    this.#about = about;
  }

  /** Rejects with the failure of the database. */
  static async begin(database: Database, leaseMs: number, about: Holder): Promise<Membership> {
    const membership = new Membership(database, leaseMs, about);
    await membership.#enrol();
    return membership;
  }

  /** False: nothing may be started. */
  get isTrusted(): boolean {
    return !this.#isLost && performance.now() < this.#trustedUntil;
  }

  /** Nobody needs it any more. Never rejects: what is not taken back expires. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#isLost = true;
    await this.#database
      .query('DELETE FROM copernica_webhooks.process WHERE process = $1', [this.id])
      .catch(() => undefined);
  }

  async #enrol(): Promise<void> {
    const asked = performance.now();
    await this.#database.query(
      `WITH dead AS (
         DELETE FROM copernica_webhooks.process WHERE expires_at < clock_timestamp() - interval '${FORGET_DEAD_AFTER}'
       )
       INSERT INTO copernica_webhooks.process (process, about, expires_at)
       VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))`,
      [this.id, JSON.stringify(this.#about), this.#leaseMs / 1000],
    );
    this.#trust(asked);
    this.#keepRenewing();
  }

  /** Each renewal has a time of its own: one that hangs holds up no other. */
  #keepRenewing(): void {
    this.#timer = setInterval(() => void this.#renew(), this.#leaseMs / RENEWALS_PER_LEASE);
    // A process that has nothing else to do ends.
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const asked = performance.now();
    const renewed = await this.#database
      .query(
        `UPDATE copernica_webhooks.process SET expires_at = clock_timestamp() + make_interval(secs => $2)
         WHERE process = $1 AND expires_at > clock_timestamp() RETURNING process`,
        [this.id, this.#leaseMs / 1000],
      )
      // The next may come in time.
      .catch(() => null);
    if (renewed?.length === 0) this.#isLost = true;
    else if (renewed !== null) this.#trust(asked);
    if (!this.isTrusted) clearInterval(this.#timer);
  }

  #trust(asked: number): void {
    this.#trustedUntil = Math.max(this.#trustedUntil, asked + this.#leaseMs * (1 - MARGIN_SHARE));
  }
}

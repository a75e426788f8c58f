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

  /** Nothing needs it any more. Never rejects: a row that can't be deleted expires. */
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

/** What something of this process has of its membership. */
export interface Joined {
  readonly membership: Membership;
  /** It is not needed any more. To be called once, and never rejects. */
  leave(): Promise<void>;
}

interface Shared {
  readonly beginning: Promise<Membership>;
  /** Null until it has begun. */
  membership: Membership | null;
  users: number;
}

/**
 * The membership of this process in one database: all accounts and purposes share it. It begins when the first needs it
 * and ends when none does. One that was lost is replaced, under a new id, when it is needed next; whoever had it until
 * then keeps the lost one, which lets nothing be started.
 */
export class Members {
  readonly database: Database;
  readonly #leaseMs: number;
  #current: Shared | null = null;

  constructor(database: Database, leaseMs: number) {
    this.database = database;
    this.#leaseMs = leaseMs;
  }

  /** Rejects with the failure of the database. */
  async join(about: Holder): Promise<Joined> {
    if (this.#current?.membership?.isTrusted === false) this.#current = null;
    const shared = this.#current ?? this.#begin(about);
    this.#current = shared;
    shared.users += 1;
    try {
      const membership = await shared.beginning;
      return { membership, leave: () => this.#leave(shared, membership) };
    } catch (error) {
      if (this.#current === shared) this.#current = null;
      throw error;
    }
  }

  #begin(about: Holder): Shared {
    const beginning = Membership.begin(this.database, this.#leaseMs, about).then((membership) => {
      shared.membership = membership;
      return membership;
    });
    const shared: Shared = { beginning, membership: null, users: 0 };
    return shared;
  }

  async #leave(shared: Shared, membership: Membership): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (this.#current === shared) this.#current = null;
    await membership.end();
  }
}

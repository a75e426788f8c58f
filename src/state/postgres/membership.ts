import type { Holder } from '../store.js';
import { type Clock, systemClock } from './clock.js';
import type { Tables } from './tables.js';

/** A part of the lease in which this process starts nothing more: its clock and the server's may run apart. */
const MARGIN_SHARE = 0.1;
export const RENEWALS_PER_LEASE = 3;

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
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #trustedUntil = Number.NEGATIVE_INFINITY;
  #isLost = false;
  #stopRenewing = () => {};

  private constructor({ tables, clock, leaseMs }: Members) {
    this.#tables = tables;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** Rejects with the failure of the database. */
  static async begin(members: Members, about: Holder): Promise<Membership> {
    const membership = new Membership(members);
    await membership.#enrol(about);
    return membership;
  }

  /** False: nothing may be started. */
  get isTrusted(): boolean {
    return !this.#isLost && this.#clock.now() < this.#trustedUntil;
  }

  /** Nothing needs it any more. Never rejects: a row that can't be deleted expires. */
  async end(): Promise<void> {
    this.#stopRenewing();
    this.#isLost = true;
    await this.#tables.leave(this.id).catch(() => undefined);
  }

  async #enrol(about: Holder): Promise<void> {
    const asked = this.#clock.now();
    await this.#tables.enrol(this.id, about, this.#leaseMs);
    this.#trust(asked);
    // One that hangs is given up on when the next is due: see `connectTo`.
    this.#stopRenewing = this.#clock.every(this.#leaseMs / RENEWALS_PER_LEASE, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const asked = this.#clock.now();
    // After an error the next may come in time.
    const isRenewed = await this.#tables.renew(this.id, this.#leaseMs).catch(() => null);
    if (isRenewed === false) this.#isLost = true;
    if (isRenewed === true) this.#trust(asked);
    if (!this.isTrusted) this.#stopRenewing();
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
  readonly tables: Tables;
  readonly clock: Clock;
  readonly leaseMs: number;
  #current: Shared | null = null;

  constructor(tables: Tables, leaseMs: number, clock: Clock = systemClock) {
    this.tables = tables;
    this.leaseMs = leaseMs;
    this.clock = clock;
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
    const beginning = Membership.begin(this, about).then((membership) => {
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

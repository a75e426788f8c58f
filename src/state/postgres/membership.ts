import type { Holder } from '../store.js';
import { type Clock, systemClock } from './clock.js';
import type { Tables } from './tables.js';

/** The last part of a lease, in which this process starts nothing: its clock and the server's may differ in speed. */
const MARGIN_SHARE = 0.1;
export const RENEWALS_PER_LEASE = 3;

/**
 * This process as others see it: one row that expires by the database's clock, and is renewed as long as anything in
 * this process needs it. All its leases depend on that row, so a thousand of them cost one UPDATE.
 *
 * The process itself trusts the row only up to a moment of its own monotonic clock, counted from before each request:
 * however long the answer took, the row is valid for longer than that. Errors do not extend it, and an expired row is
 * never renewed, since others may have taken over.
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

  /** Rejects if the database fails. */
  static async begin(members: Members, about: Holder): Promise<Membership> {
    const membership = new Membership(members);
    await membership.#enrol(about);
    return membership;
  }

  /** False: nothing may be started any more. */
  get isTrusted(): boolean {
    return !this.#isLost && this.#clock.now() < this.#trustedUntil;
  }

  /** Call this when nothing needs it any more. Never rejects: a row that can't be deleted expires. */
  async end(): Promise<void> {
    this.#stopRenewing();
    this.#isLost = true;
    await this.#tables.leave(this.id).catch(() => undefined);
  }

  async #enrol(about: Holder): Promise<void> {
    const asked = this.#clock.now();
    await this.#tables.enrol(this.id, about, this.#leaseMs);
    this.#trust(asked);
    // A renewal that hangs is given up on when the next is due: see `connectTo`.
    this.#stopRenewing = this.#clock.every(this.#leaseMs / RENEWALS_PER_LEASE, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const asked = this.#clock.now();
    // After an error, the next renewal may still be in time.
    const isRenewed = await this.#tables.renew(this.id, this.#leaseMs).catch(() => null);
    if (isRenewed === false) this.#isLost = true;
    if (isRenewed === true) this.#trust(asked);
    if (!this.isTrusted) this.#stopRenewing();
  }

  #trust(asked: number): void {
    this.#trustedUntil = Math.max(this.#trustedUntil, asked + this.#leaseMs * (1 - MARGIN_SHARE));
  }
}

/** One user's share in the membership of this process. */
export interface Joined {
  readonly membership: Membership;
  /** Ends this share. To be called once; never rejects. */
  leave(): Promise<void>;
}

interface Shared {
  readonly beginning: Promise<Membership>;
  /** Null until it has begun. */
  membership: Membership | null;
  users: number;
}

/**
 * This process's membership in one database, shared by all accounts and purposes. It begins when first needed and ends
 * when nothing needs it. A lost membership is replaced under a new id at the next need; its users keep the lost one,
 * which lets them start nothing.
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

  /** Rejects if the database fails. */
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

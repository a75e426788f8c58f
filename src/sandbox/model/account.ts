import type { DeliveryError } from './logfiles.js';
import type { AccountOptions } from './options.js';

/** A webhook as the account keeps it, even when removed. Times are milliseconds since 1970. */
export interface StoredWebhook {
  readonly id: number;
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  readonly database: number | null;
  readonly collection: number | null;
  readonly createdAt: number;
  readonly removedAt: number | null;
}

/** One tenant: its settings and every webhook it ever had, by rising id. */
export interface Account {
  readonly options: AccountOptions;
  readonly webhooks: Map<number, StoredWebhook>;
  readonly deliveryErrors: DeliveryError[];
}

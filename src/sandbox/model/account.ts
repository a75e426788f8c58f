import { allCallers, type WebhookData } from './data.js';
import type { AccountOptions } from './options.js';

/** A webhook as the account keeps it, removed ones too. Times are milliseconds since 1970. */
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

/** Ids are handed out to all accounts of the sandbox from one counter, as the live API seems to do. */
export class IdCounter {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  get next(): number {
    return this.#next;
  }

  take(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}

/** One tenant: its settings and every webhook it ever had. */
export class Account {
  readonly options: AccountOptions;
  readonly #ids: IdCounter;
  readonly #webhooks = new Map<number, StoredWebhook>();

  constructor(options: AccountOptions, ids: IdCounter) {
    this.options = options;
    this.#ids = ids;
  }

  /** Undefined: unknown here, even if another account has it. */
  find(id: number): StoredWebhook | undefined {
    return this.#webhooks.get(id);
  }

  /** By rising id. */
  live(): StoredWebhook[] {
    return [...this.#webhooks.values()].filter((webhook) => webhook.removedAt === null);
  }

  removed(): StoredWebhook[] {
    return [...this.#webhooks.values()].filter((webhook) => webhook.removedAt !== null);
  }

  create(data: WebhookData, now: number): StoredWebhook {
    const id = this.#ids.take(1);
    const webhook = { ...data, id, callers: data.callers ?? allCallers(), createdAt: now, removedAt: null };
    this.#webhooks.set(id, webhook);
    return webhook;
  }

  change(webhook: StoredWebhook, fields: Partial<Omit<StoredWebhook, 'id'>>): void {
    this.#webhooks.set(webhook.id, { ...webhook, ...fields });
  }

  /** Leaves no trace: from now on its id is an unknown one. */
  vanish(id: number): void {
    this.#webhooks.delete(id);
  }
}

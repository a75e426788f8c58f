import { productError } from '../../errors.js';
import { Access } from './access.js';
import type { Account, StoredWebhook } from './account.js';
import { carryOut } from './acts.js';
import { route } from './calls.js';
import { CALLERS, webhookData } from './data.js';
import { type FaultOrder, FaultQueue, type FaultRule, faultSpec, parseFault } from './faults.js';
import { type ApiRequest, type ApiResponse, REFUSALS, refusal } from './http.js';
import {
  type AccountOptions,
  DEFAULT_ACCOUNT,
  DEFAULT_QUIRKS,
  FIRST_WEBHOOK_ID,
  type ModelOptions,
  type Quirks,
  TOKEN_LENGTH_MIN_CHARACTERS,
} from './options.js';
import { type LoggedRequest, RequestLog } from './request-log.js';

/**
 * The stand-in for the API without network and clock: requests, times and faults go in, answers come out. It changes in
 * place, so that a request's cost does not depend on the number of webhooks. Times are milliseconds since 1970.
 */
export class SandboxModel {
  /** Every account's options, the default account first. */
  readonly accounts: readonly [AccountOptions, ...AccountOptions[]];
  readonly #quirks: Quirks;
  #faults = new FaultQueue();
  /** All accounts get their ids from one counter, as the live API seems to do. */
  #nextId = FIRST_WEBHOOK_ID;
  #accounts: readonly Account[] = [];
  #access = new Access([]);
  #log = new RequestLog([]);

  /** Throws for a token that is too short, or an id or token that two accounts share. */
  constructor({ accounts = [DEFAULT_ACCOUNT], quirks }: ModelOptions = {}) {
    checkAccounts(accounts);
    this.accounts = accounts;
    this.#quirks = { ...DEFAULT_QUIRKS, ...quirks };
    this.reset();
  }

  /** Notes the request, and returns the fault that strikes it. Nothing is acted on yet. */
  receive(request: ApiRequest, now: number): FaultRule | null {
    const { call } = route(request.method, request.path);
    const fault = this.#faults.take(call.kind);
    this.#log.add(request, call.kind, fault === null ? null : faultSpec(fault), now);
    return fault;
  }

  /** Does what the request asks for, ignoring faults. */
  act(request: ApiRequest, now: number): ApiResponse {
    const { call, version } = route(request.method, request.path);
    if (call.kind === 'token') return this.#access.trade(request, now);
    if (version === null) return refusal(REFUSALS.method);
    const account = this.#access.accountOf(request, version, now);
    // Versions up to 3 answer 400 to everything that is wrong; v4 has another status for a bad token.
    if (account === null) return refusal(REFUSALS.token, version === 4 ? 401 : 400);
    return carryOut(call, { account, quirks: this.#quirks, version, request, now, takeId: () => this.#takeId() });
  }

  /** The id that the next webhook of any account gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** The account's live webhooks by rising id. `id`: its identity's; default: the first account. */
  webhooks(id?: string): readonly StoredWebhook[] {
    return [...this.#account(id).webhooks.values()].filter(({ removedAt }) => removedAt === null);
  }

  removedWebhooks(id?: string): readonly StoredWebhook[] {
    return [...this.#account(id).webhooks.values()].filter(({ removedAt }) => removedAt !== null);
  }

  get requests(): readonly LoggedRequest[] {
    return this.#log.requests;
  }

  get faults(): readonly FaultRule[] {
    return this.#faults.rules;
  }

  /**
   * Queues a fault, as a rule or as text for `parseFault`.
   *
   * @throws ProductError of kind `input` if it is neither.
   */
  orderFault(order: FaultOrder | string): void {
    this.#faults.order(parseFault(order));
  }

  clearFaults(): void {
    this.#faults = new FaultQueue();
  }

  /** Another tenant makes this many webhooks: their ids are unknown to every account here. */
  takeIds(count: number): void {
    this.#nextId += count;
  }

  /** A webhook made by hand in the dashboard. Null: the fields describe none. */
  createByHand(fields: Readonly<Record<string, unknown>>, now: number, account?: string): StoredWebhook | null {
    const { webhooks } = this.#account(account);
    const data = webhookData(fields);
    if (data === null) return null;
    const id = this.#takeId();
    const webhook = { ...data, id, callers: data.callers ?? CALLERS, createdAt: now, removedAt: null };
    webhooks.set(id, webhook);
    return webhook;
  }

  /**
   * Somebody changes a webhook in the dashboard, where database and collection can be changed, too. False: no such id.
   */
  changeByHand(id: number, fields: Partial<Omit<StoredWebhook, 'id'>>): boolean {
    return this.#onWebhook(id, ({ webhooks }, webhook) => webhooks.set(id, { ...webhook, ...fields }));
  }

  /** Somebody removes a webhook in the dashboard. */
  removeByHand(id: number, now: number): boolean {
    return this.#onWebhook(id, ({ webhooks }, webhook) => {
      webhooks.set(id, { ...webhook, removedAt: webhook.removedAt ?? now });
    });
  }

  /** A webhook disappears without a trace: its id becomes unknown. */
  vanish(id: number): boolean {
    return this.#onWebhook(id, ({ webhooks }) => webhooks.delete(id));
  }

  /** A handler answers Copernica's call with this status, so the account logs it. */
  failDelivery(response: number, now: number, account?: string): void {
    const time = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
    const header = `HTTP/1.1 ${response}\r\nX-Handler: sandbox`;
    this.#account(account).deliveryErrors.push({ time, response, recipient: '192.0.2.1', header });
  }

  revokeJwts(): void {
    this.#access.revokeJwts();
  }

  /** Everything as at the start: no webhooks, faults, JWTs or requests, and ids from the first. */
  reset(): void {
    this.clearFaults();
    this.#nextId = FIRST_WEBHOOK_ID;
    this.#accounts = this.accounts.map((options) => ({ options, webhooks: new Map(), deliveryErrors: [] }));
    this.#access = new Access(this.#accounts);
    this.#log = new RequestLog(this.accounts.map(({ token }) => token));
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += this.#quirks.ids === 'rise' ? 1 : -1;
    return id;
  }

  #account(id = this.accounts[0].identity.id): Account {
    const account = this.#accounts.find(({ options }) => options.identity.id === id);
    if (account !== undefined) return account;
    throw productError('input', {
      code: 'unknown-sandbox-account',
      message: `the sandbox has no account with the id ${id}`,
      remedy: `use one of: ${this.accounts.map(({ identity }) => identity.id).join(', ')}`,
    });
  }

  #onWebhook(id: number, then: (account: Account, webhook: StoredWebhook) => void): boolean {
    const account = this.#accounts.find(({ webhooks }) => webhooks.has(id));
    const webhook = account?.webhooks.get(id);
    if (account === undefined || webhook === undefined) return false;
    then(account, webhook);
    return true;
  }
}

/** Only tests name accounts, so a mistake in them is a bug. */
function checkAccounts(accounts: readonly AccountOptions[]): void {
  const tokens = new Set(accounts.map(({ token }) => token).filter((it) => it.length >= TOKEN_LENGTH_MIN_CHARACTERS));
  const ids = new Set(accounts.map(({ identity }) => identity.id));
  if (tokens.size === accounts.length && ids.size === accounts.length) return;
  throw new Error('each account of a sandbox has an id of its own, and a token of its own that is not too short');
}

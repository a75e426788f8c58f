import { productError } from '../../errors.js';
import { Access } from './access.js';
import { Account, IdCounter, type StoredWebhook } from './account.js';
import { carryOut } from './acts.js';
import { route } from './calls.js';
import { type WebhookData, webhookData } from './data.js';
import { decide, type Effects } from './effects.js';
import { type FaultOrder, FaultQueue, type FaultRule, faultSpec, parseFaultOrder } from './faults.js';
import { type ApiRequest, type ApiResponse, REFUSALS, refusal } from './http.js';
import {
  type AccountOptions,
  DEFAULT_ACCOUNT,
  DEFAULT_QUIRKS,
  FIRST_WEBHOOK_ID,
  JWT_LIFE_MS,
  type ModelOptions,
  type Quirks,
  TOKEN_LENGTH_MIN_CHARACTERS,
} from './options.js';
import { type LoggedRequest, RequestLog } from './request-log.js';

/**
 * The stand-in for the API without network and clock: requests, times and faults go in, answers come out. It changes
 * in place, so that each request costs the same however many webhooks there are. Times are milliseconds since 1970.
 */
export class SandboxModel {
  readonly #options: ModelOptions;
  readonly #accountOptions: readonly [AccountOptions, ...AccountOptions[]];
  readonly #quirks: Quirks;
  readonly #faults = new FaultQueue();
  #ids: IdCounter;
  #accounts: readonly Account[];
  #access: Access;
  #log: RequestLog;

  /** Throws for a token that is too short, or an id or token that two accounts share. */
  constructor(options: ModelOptions = {}) {
    this.#options = options;
    this.#accountOptions = options.accounts ?? [DEFAULT_ACCOUNT];
    this.#quirks = { ...DEFAULT_QUIRKS, ...options.quirks };
    checkAccounts(this.#accountOptions);
    [this.#ids, this.#accounts, this.#access, this.#log] = this.#fresh();
  }

  /** Notes the request, lets the next fault strike it, and says what is to happen. Nothing is acted on yet. */
  receive(request: ApiRequest, now: number): Effects {
    const { call } = route(request.method, request.path);
    const fault = this.#faults.take(call.kind);
    this.#log.add(request, call.kind, fault === null ? null : faultSpec(fault), now);
    return decide(fault);
  }

  /** Does what the request asks for, without faults. */
  act(request: ApiRequest, now: number): ApiResponse {
    const asked = route(request.method, request.path);
    const { call, version } = asked;
    if (call.kind === 'token') return this.#access.trade(request, now);
    if (version === null) return refusal(REFUSALS.method);
    const account = this.#access.accountOf(request, asked, now);
    // Whatever is wrong, versions up to 3 answer 400; v4 tells a bad token apart.
    if (account === null) return refusal(REFUSALS.token, version === 4 ? 401 : 400);
    return carryOut(call, { account, quirks: this.#quirks, version, request, now });
  }

  /** Every account's options, the usual one first. */
  get accounts(): readonly [AccountOptions, ...AccountOptions[]] {
    return this.#accountOptions;
  }

  /** The id that the next webhook of any account gets. */
  get nextId(): number {
    return this.#ids.next;
  }

  /** The account's live webhooks by rising id. `id`: its identity's; default: the first account. */
  webhooks(id?: string): readonly StoredWebhook[] {
    return this.#account(id).live();
  }

  removedWebhooks(id?: string): readonly StoredWebhook[] {
    return this.#account(id).removed();
  }

  get requests(): readonly LoggedRequest[] {
    return this.#log.requests;
  }

  get faults(): readonly FaultRule[] {
    return this.#faults.rules;
  }

  /**
   * Queues a fault, as a rule or as text for `parseFaultSpec`.
   *
   * @throws ProductError of kind `input` when it is neither.
   */
  orderFault(order: FaultOrder | string): void {
    this.#faults.order(parseFaultOrder(order));
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** Another tenant makes that many webhooks: their ids are unknown ones to every account here. */
  takeIds(count: number): void {
    this.#ids.take(count);
  }

  /** A webhook made by hand in the dashboard. Null: the fields describe none. */
  createByHand(fields: Readonly<Record<string, unknown>>, now: number, id?: string): StoredWebhook | null {
    const account = this.#account(id);
    const data = webhookData(fields, account.options);
    return data === null ? null : account.create(data, now);
  }

  /** Somebody changes a webhook in the dashboard, where database and collection can be changed too. False: no such id. */
  changeByHand(id: number, fields: Partial<WebhookData>): boolean {
    return this.#onWebhook(id, (account, webhook) => {
      account.change(webhook, { ...webhook, ...fields, callers: fields.callers ?? webhook.callers });
    });
  }

  /** Somebody removes a webhook in the dashboard. */
  removeByHand(id: number, now: number): boolean {
    return this.#onWebhook(id, (account, webhook) => account.change(webhook, { removedAt: webhook.removedAt ?? now }));
  }

  /** A webhook is gone without a trace: its id becomes an unknown one. */
  vanish(id: number): boolean {
    return this.#onWebhook(id, (account) => account.vanish(id));
  }

  revokeJwts(): void {
    this.#access.revokeJwts();
  }

  /** Everything as it was at the start: no webhooks, faults, JWTs or requests, and ids from the first. */
  reset(): void {
    this.#faults.clear();
    [this.#ids, this.#accounts, this.#access, this.#log] = this.#fresh();
  }

  #fresh(): [IdCounter, readonly Account[], Access, RequestLog] {
    const ids = new IdCounter(this.#options.firstId ?? FIRST_WEBHOOK_ID);
    const accounts = this.#accountOptions.map((options) => new Account(options, ids));
    const access = new Access(accounts, this.#options.jwtLifeMs ?? JWT_LIFE_MS);
    return [ids, accounts, access, new RequestLog(this.#accountOptions.map(({ token }) => token))];
  }

  #account(id = this.#accountOptions[0].identity.id): Account {
    const account = this.#accounts.find(({ options }) => options.identity.id === id);
    if (account !== undefined) return account;
    throw productError('input', {
      code: 'unknown-sandbox-account',
      message: `the sandbox has no account with the id ${id}`,
      remedy: `use one of: ${this.#accountOptions.map(({ identity }) => identity.id).join(', ')}`,
    });
  }

  #onWebhook(id: number, then: (account: Account, webhook: StoredWebhook) => void): boolean {
    const account = this.#accounts.find((candidate) => candidate.find(id) !== undefined);
    const webhook = account?.find(id);
    if (account === undefined || webhook === undefined) return false;
    then(account, webhook);
    return true;
  }
}

/** Only tests name accounts, so that a mistake in them is a defect. */
function checkAccounts(accounts: readonly AccountOptions[]): void {
  const tokens = new Set(accounts.map(({ token }) => token).filter((it) => it.length >= TOKEN_LENGTH_MIN_CHARACTERS));
  const ids = new Set(accounts.map(({ identity }) => identity.id));
  if (tokens.size === accounts.length && ids.size === accounts.length) return;
  throw new Error('each account of a sandbox has an id of its own, and a token of its own that is not too short');
}

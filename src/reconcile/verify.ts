import type { AnswerFacts } from '../copernica/answer-facts.js';
import type { CallFailure, Identity, Outcome } from '../copernica/api.js';
import type { ApiCall } from '../copernica/client.js';
import type { Observations, Seen, Sent } from '../doctor/verify.js';
import { type Problem, productError } from '../errors.js';
import { noteHighest, Recovery } from '../recovery/recover.js';
import { pauseMs } from '../recovery/sending.js';
import { VERIFY_NAME } from '../state/state.js';
import { roughDuration } from '../text/rough-duration.js';
import type { WebhookSpec } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { openState } from './open-state.js';
import type { ReconcilerPorts } from './ports.js';
import { type PostContext, post } from './post.js';

export interface VerifyOptions {
  readonly handler: string;
  /** The second webhook is limited to this database. Null: to none. */
  readonly database: number | null;
  /** Added to the handlers, so that nothing else can be taken for these webhooks. Letters, digits and `-`. */
  readonly mark: string;
  readonly init: boolean;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly settleMs: number;
  readonly stop: AbortSignal;
  /** What the last answer to this call looked like; each is given once. Null: there was none. */
  takeFacts(call: ApiCall): AnswerFacts | null;
}

export interface Verification {
  readonly account: Identity;
  readonly observations: Observations;
  readonly sent: Sent;
  /** What is left behind, or may be left behind. */
  readonly left: readonly Problem[];
}

const LATER = 'the next `apply`, `run` or `verify` deletes it; the state has it';

/**
 * Makes two webhooks, one after the other, and observes what the account does with them. An intent is recorded before
 * each POST, as always, but what it makes is a pending delete: whenever this ends, a later run deletes it.
 *
 * Throws ProductError if it ends before it has made anything.
 */
export async function verifyAccount(ports: ReconcilerPorts, options: VerifyOptions): Promise<Verification> {
  const lease = await ports.lockState();
  try {
    const opened = await openState(lease, ports, options);
    const { journal } = opened;
    const account = opened.account ?? (await readAccount(ports.api));
    checkAccount(account, journal.state.account);
    const { api, now } = ports;
    const { timeoutMs, stop } = options;
    const context: PostContext = { journal, api, timeoutMs, stop, now };
    await settleEarlier(context, ports, options);
    const sent = whatToSend(options, journal.state.highestId);
    const observations = await observe(sent, context, options);
    const left = await deleteAll(context);
    if (openOfVerify(context).length > 0) left.push(lostProblem());
    await journal.flush();
    return { account, observations, sent, left };
  } finally {
    await lease.release();
  }
}

function whatToSend({ handler, database, mark }: VerifyOptions, knownBefore: number | null): Sent {
  const [plain = ''] = handler.split('#', 1);
  const marked = `${plain}${plain.includes('?') ? '&' : '?'}copernica-webhooks-verify=${mark}`;
  // The trigger that occurs least often.
  const first: WebhookSpec = { handler: marked, trigger: 'failure' };
  return {
    first,
    updated: { ...first, callers: ['ms'] },
    second: database === null ? first : { ...first, database },
    knownBefore,
  };
}

/** Looks for what an earlier `verify` left, and deletes it. After lost answers the POST has to wait as in every run. */
async function settleEarlier(context: PostContext, ports: ReconcilerPorts, options: VerifyOptions): Promise<void> {
  const { journal, now } = context;
  const { state } = journal;
  // Lost creates of entries are left to `apply`, which knows what the entries want.
  if (state.intents.size > 0 && openOfVerify(context).length === state.intents.size) {
    const recovery = new Recovery({
      ...options,
      ...context,
      settling: { settleMs: options.settleMs, scanLimit: 0 },
      mayClose: false,
      wanted: () => new Map(),
      namesToPost: () => new Set(),
      log: ports.log,
      onProgress: () => {},
    });
    await recovery.begin();
    await recovery.look();
  }
  await deleteAll(context);
  const waitMs = pauseMs(state, options.settleMs, now().getTime());
  if (waitMs === 0) return;
  throw productError('failed', {
    code: 'waits-for-uncertain',
    message: 'nothing was made: the answer to a create was lost lately',
    remedy: `try again in ${roughDuration(waitMs)}; "list" shows what is uncertain`,
  });
}

function openOfVerify({ journal }: PostContext) {
  return [...journal.state.intents.values()].filter(({ name }) => name === VERIFY_NAME);
}

/** Makes one call after another, and stops if an answer that the next call needs did not come. */
async function observe(sent: Sent, context: PostContext, options: VerifyOptions): Promise<Observations> {
  const { journal, api } = context;
  const seen: { -readonly [Key in keyof Observations]: Observations[Key] } = {};
  const look = async <T>(call: ApiCall, outcome: Promise<Outcome<T>>): Promise<Seen<T>> => {
    options.takeFacts(call);
    return { outcome: await outcome, facts: options.takeFacts(call) };
  };
  const create = (spec: WebhookSpec) => look('createWebhook', make(spec, context));

  seen.create = await create(sent.first);
  if (!seen.create.outcome.ok) return seen;
  const id = seen.create.outcome.value;
  seen.read = await look('readWebhook', api.readWebhook(id));
  seen.list = await look('listWebhooks', api.listWebhooks());
  const { outcome: listed } = seen.list;
  if (listed.ok && listed.value !== 'unavailable') noteHighest(listed.value, journal, context.now().toISOString());
  seen.update = await look('updateWebhook', api.updateWebhook(id, sent.updated));
  if (seen.update.outcome.ok) {
    seen.readUpdated = await look('readWebhook', api.readWebhook(id));
    const without = api.updateWebhook(id, sent.first, { leavesCallersOut: true });
    seen.updateWithoutCallers = await look('updateWebhook', without);
    seen.readWithoutCallers = await look('readWebhook', api.readWebhook(id));
  }
  seen.delete = await look('deleteWebhook', remove(id, context));
  if (seen.delete.outcome.ok) {
    seen.readRemoved = await look('readWebhook', api.readWebhook(id));
    seen.deleteAgain = await look('deleteWebhook', api.deleteWebhook(id));
  }
  seen.createSecond = await create(sent.second);
  const { outcome: second } = seen.createSecond;
  if (second.ok && sent.second.database !== undefined) {
    seen.readSecond = await look('readWebhook', api.readWebhook(second.value));
  }
  return seen;
}

async function make(spec: WebhookSpec, context: PostContext): Promise<Outcome<number>> {
  const outcome = await post({ name: VERIFY_NAME, spec }, context, (send) => send());
  await context.journal.flush();
  if (outcome === 'withheld') return { ok: false, kind: 'not-sent', message: 'stopped before it was sent' };
  return outcome;
}

async function remove(id: number, { api, journal, now }: PostContext): Promise<Outcome<'done' | 'gone'>> {
  const outcome = await api.deleteWebhook(id);
  if (outcome.ok) {
    journal.write({ type: 'removed', id, at: now().toISOString() });
    await journal.flush();
  }
  return outcome;
}

/** Deletes what `verify` made, now or earlier. Returns what could not be deleted. */
async function deleteAll(context: PostContext): Promise<Problem[]> {
  const ours = [...context.journal.state.pendingDeletes.values()].filter(({ name }) => name === VERIFY_NAME);
  const problems: Problem[] = [];
  for (const { id } of ours) {
    const outcome = await remove(id, context);
    if (!outcome.ok) problems.push(leftProblem(id, outcome));
  }
  return problems;
}

function leftProblem(id: number, { message }: CallFailure): Problem {
  return {
    code: 'verify-left',
    severity: 'error',
    message: `webhook ${id}, which was made to verify the account, could not be deleted: ${message}`,
    name: VERIFY_NAME,
    remedy: LATER,
  };
}

function lostProblem(): Problem {
  return {
    code: 'verify-left',
    severity: 'error',
    message: 'the answer to a POST was lost: a webhook that was made to verify the account may be there',
    name: VERIFY_NAME,
    remedy: `the next \`apply\`, \`run\` or \`verify\` looks for it and deletes it; "forget ${VERIFY_NAME}" if the dashboard shows none`,
  };
}

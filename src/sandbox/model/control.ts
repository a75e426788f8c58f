import * as z from 'zod';
import { ProductError } from '../../errors.js';
import { readJsonObject } from './data.js';
import { type FaultRule, parseFault } from './faults.js';
import { type ApiRequest, type ApiResponse, json, refusal } from './http.js';
import type { SandboxModel } from './sandbox-model.js';

export const CONTROL_PREFIX = '/_sandbox/';

const CONTROLS = [
  'GET account[?id=ID]',
  'GET, POST and DELETE faults',
  'POST reset',
  'POST take-ids',
  'POST revoke-jwts',
  'POST delivery-errors[?id=ID]',
  'POST webhooks[?id=ID]',
  'PUT webhooks/ID',
  'DELETE webhooks/ID[?vanish=true]',
];

const takenIds = z.strictObject({ count: z.int().min(1).max(1_000_000) });

const failedDelivery = z.strictObject({
  response: z.int().min(100).max(599),
  count: z.int().min(1).max(10_000).default(1),
});

const limit = z.int().min(1).nullable();
const changedFields = z
  .strictObject({
    handler: z.string(),
    trigger: z.string(),
    callers: z.array(z.string()),
    database: limit,
    collection: limit,
  })
  .partial()
  .transform((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));

/** Inspects the sandbox and changes it behind the API's back. Handles paths under `CONTROL_PREFIX`; never logged. */
export function control(model: SandboxModel, request: ApiRequest, now: number): ApiResponse {
  try {
    return carriedOut(model, request, now);
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    return refusal(error.problems.map(({ message, remedy = '' }) => `${message}; ${remedy}`).join('\n'));
  }
}

function carriedOut(model: SandboxModel, { method, path, query, body }: ApiRequest, now: number): ApiResponse {
  const asked = path.slice(CONTROL_PREFIX.length);
  const parameters = new URLSearchParams(query);
  const account = parameters.get('id') ?? undefined;
  const id = Number(/^webhooks\/(\d{1,15})$/.exec(asked)?.[1] ?? 0);
  switch (`${method} ${id === 0 ? asked : 'webhooks/ID'}`) {
    case 'GET account':
      return json(accountView(model, account));
    case 'GET faults':
      return json(model.faults);
    case 'POST faults':
      // All are read before the first is queued, so that an invalid one leaves nothing behind.
      for (const rule of readFaults(body)) model.orderFault(rule);
      return json(model.faults);
    case 'DELETE faults':
      model.clearFaults();
      return json(model.faults);
    case 'POST reset':
      model.reset();
      return json({ nextId: model.nextId });
    case 'POST take-ids': {
      const taken = takenIds.safeParse(readJsonObject(body));
      if (!taken.success) return refusal('send how many ids are taken, such as {"count": 5}');
      model.takeIds(taken.data.count);
      return json({ nextId: model.nextId });
    }
    case 'POST revoke-jwts':
      model.revokeJwts();
      return json({});
    case 'POST delivery-errors': {
      const failed = failedDelivery.safeParse(readJsonObject(body));
      if (!failed.success) return refusal('send what handlers answered, such as {"response": 404, "count": 3}');
      const { response, count } = failed.data;
      for (let index = 0; index < count; index += 1) model.failDelivery(response, now, account);
      return json(failed.data);
    }
    case 'POST webhooks': {
      const made = model.createByHand(readJsonObject(body) ?? {}, now, account);
      return made === null ? refusal('send the fields of a webhook as JSON, as for POST /v3/webhooks') : json(made);
    }
    case 'PUT webhooks/ID': {
      const fields = changedFields.safeParse(readJsonObject(body));
      if (!fields.success) return refusal('send what changes as JSON: handler, trigger, callers, database, collection');
      return done(model.changeByHand(id, fields.data), id);
    }
    case 'DELETE webhooks/ID':
      return done(parameters.get('vanish') === 'true' ? model.vanish(id) : model.removeByHand(id, now), id);
    default:
      return refusal(`unknown; ${CONTROL_PREFIX} has: ${CONTROLS.join(', ')}`, 404);
  }
}

function done(known: boolean, id: number): ApiResponse {
  return known ? json({ id }) : refusal(`the sandbox has no webhook with the id ${id}`, 404);
}

function accountView(model: SandboxModel, id: string | undefined): object {
  const options = model.accounts.find(({ identity }) => identity.id === id) ?? model.accounts[0];
  return {
    webhooks: model.webhooks(id),
    removed: model.removedWebhooks(id),
    requests: model.requests,
    identity: options.identity,
    nextId: model.nextId,
  };
}

/** One rule or a list of them as JSON, or lines of text. */
function readFaults(body: string): FaultRule[] {
  if (/^\s*[[{"]/.test(body)) return [readJson(body)].flat().map(parseFault);
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  return (lines.length === 0 ? [''] : lines).map(parseFault);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

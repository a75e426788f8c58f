import * as z from 'zod';
import { ProductError } from '../../errors.js';
import { readJsonObject } from './data.js';
import { type FaultRule, parseFaultOrder } from './faults.js';
import { type ApiRequest, type ApiResponse, json, refusal } from './http.js';
import type { SandboxModel } from './sandbox-model.js';

export const CONTROL_PREFIX = '/_sandbox/';

const CONTROLS = [
  'GET account[?id=ID]',
  'GET, POST and DELETE faults',
  'POST reset',
  'POST take-ids',
  'POST revoke-jwts',
  'POST webhooks[?id=ID]',
  'PUT webhooks/ID',
  'DELETE webhooks/ID[?vanish=true]',
];

const count = z.strictObject({ count: z.int().min(1).max(1_000_000) });

const limit = z.int().min(1).nullable();
const webhookFields = z
  .strictObject({
    handler: z.string(),
    trigger: z.string(),
    callers: z.array(z.string()),
    database: limit,
    collection: limit,
  })
  .partial();

/** Looks into the sandbox and changes it behind the API's back. Takes the paths under `CONTROL_PREFIX`; never logged. */
export function control(model: SandboxModel, request: ApiRequest, now: number): ApiResponse {
  const path = request.path.slice(CONTROL_PREFIX.length);
  const [, id] = /^webhooks\/(\d{1,15})$/.exec(path) ?? [];
  try {
    if (id !== undefined) return controlWebhook(model, Number(id), request, now);
    return controlSandbox(model, `${request.method} ${path}`, request, now);
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    return refusal(error.problems.map(({ message, remedy = '' }) => `${message}; ${remedy}`).join('\n'));
  }
}

function controlSandbox(model: SandboxModel, asked: string, request: ApiRequest, now: number): ApiResponse {
  const account = new URLSearchParams(request.query).get('id') ?? undefined;
  switch (asked) {
    case 'GET account':
      return json(accountView(model, account));
    case 'GET faults':
      return json(model.faults);
    case 'POST faults': {
      // All are read before the first is queued, so a bad one leaves nothing behind.
      for (const rule of readFaults(request.body)) model.orderFault(rule);
      return json(model.faults);
    }
    case 'DELETE faults':
      model.clearFaults();
      return json(model.faults);
    case 'POST reset':
      model.reset();
      return json({ nextId: model.nextId });
    case 'POST take-ids': {
      const taken = count.safeParse(readJsonObject(request.body));
      if (!taken.success) return refusal('send how many ids are taken, such as {"count": 5}');
      model.takeIds(taken.data.count);
      return json({ nextId: model.nextId });
    }
    case 'POST revoke-jwts':
      model.revokeJwts();
      return json({});
    case 'POST webhooks': {
      const made = model.createByHand(readJsonObject(request.body) ?? {}, now, account);
      return made === null ? refusal('send the fields of a webhook as JSON, as for POST /v3/webhooks') : json(made);
    }
    default:
      return refusal(`unknown; ${CONTROL_PREFIX} has: ${CONTROLS.join(', ')}`, 404);
  }
}

function controlWebhook(model: SandboxModel, id: number, request: ApiRequest, now: number): ApiResponse {
  switch (request.method) {
    case 'PUT': {
      const fields = webhookFields.safeParse(readJsonObject(request.body));
      if (!fields.success) return refusal('send what changes as JSON: handler, trigger, callers, database, collection');
      const given = Object.entries(fields.data).filter(([, value]) => value !== undefined);
      return done(model.changeByHand(id, Object.fromEntries(given)), id);
    }
    case 'DELETE': {
      const vanish = new URLSearchParams(request.query).get('vanish') === 'true';
      return done(vanish ? model.vanish(id) : model.removeByHand(id, now), id);
    }
    default:
      return refusal(`a webhook takes PUT and DELETE here, not ${request.method}`, 405);
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

/** One rule or a list of them as JSON, or lines of text for `parseFaultSpec`. */
function readFaults(body: string): FaultRule[] {
  if (/^\s*[[{"]/.test(body)) return [readJson(body)].flat().map(parseFaultOrder);
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  return (lines.length === 0 ? [''] : lines).map(parseFaultOrder);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

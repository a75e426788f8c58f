import type { FaultReply, FaultRule } from './faults.js';
import { type ApiResponse, empty, readyMade } from './http.js';

type Alteration = 'truncated' | 'without-id' | 'garbage';

/** What goes over the wire. */
export type WireReply =
  | { readonly kind: 'answer'; readonly response: ApiResponse }
  | { readonly kind: 'close' | 'reset' | 'hang' };

/** A reply that may need the answer of the act to be made. */
type Reply = WireReply | { readonly kind: 'result'; readonly alteration: Alteration | null };

/** What is to happen with a request, in milliseconds from its arrival. */
export type Effects =
  | { readonly act: 'now'; readonly reply: Reply; readonly replyAfterMs: number }
  | { readonly act: 'never'; readonly reply: WireReply }
  /** The client is answered or dropped at once; the server acts on the request nevertheless. */
  | { readonly act: 'late'; readonly reply: WireReply; readonly actAfterMs: number }
  /** The request is held up on its way: acted on and answered after that time, whether the client waited or not. */
  | { readonly act: 'held-up'; readonly actAfterMs: number };

/**
 * | fault            | before                      | after                    | late                        |
 * |------------------|-----------------------------|--------------------------|-----------------------------|
 * | none             | acted on now, answered now  |                          |                             |
 * | slow             | held up, then as usual      | acted on, answered later | –                           |
 * | close reset hang | never acted on              | acted on, then that      | that, acted on later        |
 * | answer           | never acted on              | acted on, then that      | that, acted on later        |
 * | truncated …      | never acted on; a made-up   | acted on; its answer     | a made-up success is spoilt,|
 * |                  | success is spoilt           | is spoilt                | acted on later              |
 */
export function decide(fault: FaultRule | null): Effects {
  if (fault === null) return { act: 'now', reply: { kind: 'result', alteration: null }, replyAfterMs: 0 };
  const { when, reply } = fault;
  if (reply.kind === 'slow') {
    if (when === 'before') return { act: 'held-up', actAfterMs: reply.ms };
    return { act: 'now', reply: { kind: 'result', alteration: null }, replyAfterMs: reply.ms };
  }
  if (when === 'before') return { act: 'never', reply: withoutResult(reply) };
  if (when === 'after') return { act: 'now', reply: withResult(reply), replyAfterMs: 0 };
  return { act: 'late', reply: withoutResult(reply), actAfterMs: when.lateMs };
}

function withResult(reply: FaultReply): Reply {
  switch (reply.kind) {
    case 'truncated':
    case 'without-id':
    case 'garbage':
      return { kind: 'result', alteration: reply.kind };
    default:
      return withoutResult(reply);
  }
}

function withoutResult(reply: FaultReply): WireReply {
  switch (reply.kind) {
    case 'close':
    case 'reset':
    case 'hang':
      return { kind: reply.kind };
    case 'truncated':
    case 'without-id':
    case 'garbage':
      return { kind: 'answer', response: alter(empty(200), reply.kind) };
    case 'answer': {
      const usual = readyMade(reply.status);
      const headers = { ...(reply.body === undefined && usual.headers), ...reply.headers };
      return { kind: 'answer', response: { status: reply.status, headers, body: reply.body ?? usual.body } };
    }
  }
}

/** The reply with the act's answer filled in. */
export function settle(reply: Reply, result: ApiResponse): WireReply {
  if (reply.kind !== 'result') return reply;
  return { kind: 'answer', response: reply.alteration === null ? result : alter(result, reply.alteration) };
}

const ID_HEADERS: ReadonlySet<string> = new Set(['x-created', 'x-location', 'location']);

function alter(response: ApiResponse, alteration: Alteration): ApiResponse {
  switch (alteration) {
    case 'truncated':
      return truncated(response);
    case 'without-id': {
      const kept = Object.entries(response.headers).filter(([name]) => !ID_HEADERS.has(name.toLowerCase()));
      return { ...response, headers: Object.fromEntries(kept) };
    }
    case 'garbage':
      // Nothing of the true answer is left, headers included: a portal or proxy that answered in the API's place.
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"ID":"18\u0000<html>' };
  }
}

/** Half of the body, or of one made up where there is none, under a header that promises all of it. */
function truncated(response: ApiResponse): ApiResponse {
  const whole = response.body === '' ? '{"status":"ok"}' : response.body;
  const promisedBytes = new TextEncoder().encode(whole).length;
  // A 204 has no body that could be cut short.
  const status = response.status === 204 ? 200 : response.status;
  return { ...response, status, body: whole.slice(0, Math.floor(whole.length / 2)), promisedBytes };
}

import type { FaultReply } from './faults.js';
import { type ApiRequest, type ApiResponse, empty, readyMade } from './http.js';
import type { SandboxModel } from './sandbox-model.js';

/** What goes over the wire. After `hang` nothing more comes. */
export type WireReply =
  | { readonly kind: 'answer'; readonly response: ApiResponse }
  | { readonly kind: 'close' | 'reset' | 'hang' };

/** The sandbox's clock: the machine's, or a simulated one. */
export interface SandboxTime {
  /** Milliseconds since 1970. */
  now(): number;
  after(ms: number, task: () => void): void;
}

/**
 * Takes one request through the sandbox, in real or simulated time. `reply` is called exactly once. A late act takes
 * place even if the client has gone.
 *
 * | fault            | before                      | after                    | late                        |
 * |------------------|-----------------------------|--------------------------|-----------------------------|
 * | none             | acted on now, answered now  |                          |                             |
 * | slow             | held up, then as usual      | acted on, answered later | –                           |
 * | close reset hang | never acted on              | acted on, then that      | that, acted on later        |
 * | answer           | never acted on              | acted on, then that      | that, acted on later        |
 * | truncated …      | never acted on; a made-up   | acted on; its answer     | a made-up success is spoilt,|
 * |                  | success is spoilt           | is spoilt                | acted on later              |
 */
export function exchange(
  model: SandboxModel,
  request: ApiRequest,
  time: SandboxTime,
  reply: (reply: WireReply) => void,
): void {
  const act = () => model.act(request, time.now());
  const answer = (response: ApiResponse) => reply({ kind: 'answer', response });
  const fault = model.receive(request, time.now());
  if (fault === null) {
    answer(act());
  } else if (fault.reply.kind === 'slow') {
    const result = fault.when === 'before' ? null : act();
    time.after(fault.reply.ms, () => answer(result ?? act()));
  } else {
    if (typeof fault.when === 'object') time.after(fault.when.lateMs, act);
    reply(replyOf(fault.reply, fault.when === 'after' ? act() : empty(200)));
  }
}

function replyOf(reply: Exclude<FaultReply, { kind: 'slow' }>, result: ApiResponse): WireReply {
  switch (reply.kind) {
    case 'close':
    case 'reset':
    case 'hang':
      return { kind: reply.kind };
    case 'answer': {
      const usual = readyMade(reply.status);
      const headers = { ...(reply.body === undefined && usual.headers), ...reply.headers };
      return { kind: 'answer', response: { status: reply.status, headers, body: reply.body ?? usual.body } };
    }
    case 'truncated':
      return { kind: 'answer', response: truncated(result) };
    case 'without-id':
      return { kind: 'answer', response: { ...result, headers: {} } };
    case 'garbage':
      // Nothing of the true answer is left, not even headers: a portal or proxy answered in the API's place.
      return {
        kind: 'answer',
        response: { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"ID":"18\u0000<html>' },
      };
  }
}

/** Half of the body, made up if there is none, under a header that promises all of it. */
function truncated(response: ApiResponse): ApiResponse {
  const whole = response.body === '' ? '{"status":"ok"}' : response.body;
  const promisedBytes = new TextEncoder().encode(whole).length;
  return { ...response, body: whole.slice(0, Math.floor(whole.length / 2)), promisedBytes };
}

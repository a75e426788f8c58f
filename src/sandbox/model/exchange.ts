import { settle, type WireReply } from './effects.js';
import type { ApiRequest } from './http.js';
import type { SandboxModel } from './sandbox-model.js';

/** The time that a sandbox lives in: the machine's, or a simulated one. */
export interface SandboxTime {
  /** Milliseconds since 1970. */
  now(): number;
  after(ms: number, task: () => void): void;
}

/**
 * Takes one request through the sandbox, in real or simulated time. `reply` is called exactly once; with `hang` it
 * means that nothing more is to come. What is acted on late is acted on whether or not the client is still there.
 */
export function exchange(
  model: SandboxModel,
  request: ApiRequest,
  time: SandboxTime,
  reply: (reply: WireReply) => void,
): void {
  const act = () => model.act(request, time.now());
  const effects = model.receive(request, time.now());
  switch (effects.act) {
    case 'now': {
      const settled = settle(effects.reply, act());
      if (effects.replyAfterMs === 0) reply(settled);
      else time.after(effects.replyAfterMs, () => reply(settled));
      break;
    }
    case 'never':
      reply(effects.reply);
      break;
    case 'late':
      time.after(effects.actAfterMs, act);
      reply(effects.reply);
      break;
    case 'held-up':
      time.after(effects.actAfterMs, () => reply({ kind: 'answer', response: act() }));
      break;
  }
}

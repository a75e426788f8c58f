import { semaphore } from '../concurrent.js';
import { type HandlerHost, handlerHosts } from './handlers.js';
import { probeHost } from './probe.js';
import type { Reach } from './reach.js';

/** As many as Node looks up at a time. */
const AT_A_TIME = 4;
/** For all of them: what did not get its turn by then is told as not checked. */
const ALL_WITHIN_MS = 60_000;

export interface ProbedHandler {
  readonly handler: HandlerHost;
  /** Null: its turn did not come. */
  readonly reach: Reach | null;
}

/** Probes each host that handlers name, once, however many accounts and webhooks do. */
export type HandlerProbe = (handlers: readonly string[]) => Promise<readonly ProbedHandler[]>;

/** Directly, and not through a proxy: how this machine reaches the internet is nothing to Copernica. */
export function handlerProbe(options: { readonly timeoutMs: number; readonly now: () => Date }): HandlerProbe {
  const { timeoutMs, now } = options;
  const limited = semaphore(AT_A_TIME);
  const until = now().getTime() + ALL_WITHIN_MS;
  const probed = new Map<string, Promise<Reach | null>>();
  const probe = ({ host, port, protocol }: HandlerHost): Promise<Reach | null> =>
    limited(async () => {
      if (now().getTime() >= until) return null;
      return probeHost({ host, port, tls: protocol === 'https:' }, { timeoutMs });
    });
  return (handlers) =>
    Promise.all(
      handlerHosts(handlers).map(async (handler) => {
        const key = `${handler.protocol}//${handler.subject}`;
        const probing = probed.get(key) ?? probe(handler);
        probed.set(key, probing);
        return { handler, reach: await probing };
      }),
    );
}

// Starts the fast server in its own process and gives it orders.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url));

export async function startServer() {
  const child = fork(SERVER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ url }] = await once(child, 'message');
  const ask = async (order) => {
    const answered = once(child, 'message');
    child.send(order);
    return (await answered)[0];
  };
  return {
    url,
    environment: { COPERNICA_API_URL: url, COPERNICA_ACCESS_TOKEN: 'bench-token-0123456789' },
    pid: child.pid,
    /** Counts from zero; `keep`: the account's webhooks stay; `watch`: `nextPost` can be waited for. */
    begin: (options = {}) => ask({ ask: 'begin', ...options }),
    /** Requests by method, when the first POST came and the last answer went, on the shared clock. */
    report: async () => (await ask({ ask: 'report' })).report,
    nextPost: async () => (await once(child, 'message'))[0],
    stop: () => child.disconnect(),
  };
}

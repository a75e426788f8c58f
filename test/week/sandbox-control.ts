import type { StoredWebhook } from '../../src/sandbox/model/account.js';
import type { LoggedRequest } from '../../src/sandbox/model/request-log.js';
import type { Workplace } from '../helpers/cli.js';
import { ask } from './ask.js';
import type { VirtualTime } from './virtual-time.js';

/** A sandbox in a process of its own, and what its control surface can do. */
export class SandboxControl {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(place: Workplace, time: VirtualTime): Promise<SandboxControl> {
    Object.assign(place.environment, time.environment);
    const sandbox = place.start('sandbox', '--port', '0');
    time.add(sandbox.process.pid);
    const [, url = ''] = /sandbox at (\S+)/.exec(await sandbox.waitForOutput(/sandbox at \S+\n/)) ?? [];
    return new SandboxControl(url);
  }

  async orderFaults(faults: readonly string[]): Promise<void> {
    await this.#ask('faults', 'POST', faults.join('\n'));
  }

  async clearFaults(): Promise<void> {
    await this.#ask('faults', 'DELETE');
  }

  async revokeJwts(): Promise<void> {
    await this.#ask('revoke-jwts', 'POST');
  }

  async takeIds(count: number): Promise<void> {
    await this.#ask('take-ids', 'POST', JSON.stringify({ count }));
  }

  async byHand(what: 'removed' | 'changed', id: number | undefined): Promise<void> {
    if (id === undefined) return;
    if (what === 'removed') await this.#ask(`webhooks/${id}`, 'DELETE');
    else await this.#ask(`webhooks/${id}`, 'PUT', JSON.stringify({ trigger: 'unsubscribe' }));
  }

  async webhooks(): Promise<readonly StoredWebhook[]> {
    return (await this.#account()).webhooks;
  }

  /** When JWTs were handed out, and when one was refused: by those revocations, or by a fault. */
  async tokens(revocations: readonly number[]) {
    const { requests } = await this.#account();
    const trades = requests.filter(({ call, fault }) => call === 'token' && fault === null);
    const refused = requests.filter(({ fault }) => fault?.endsWith(':401') === true);
    return {
      trades: trades.map(({ at }) => Date.parse(at)),
      refusals: [...revocations, ...refused.map(({ at }) => Date.parse(at))],
    };
  }

  async #account() {
    const text = await this.#ask('account', 'GET');
    return JSON.parse(text) as { webhooks: StoredWebhook[]; requests: LoggedRequest[] };
  }

  async #ask(what: string, method: string, body?: string): Promise<string> {
    const { status, text } = await ask(`${this.url}/_sandbox/${what}`, method, body);
    // A webhook may have been deleted since its id was looked up.
    if (status !== 200 && status !== 404) throw new Error(`the sandbox answered ${status}: ${text}`);
    return text;
  }
}

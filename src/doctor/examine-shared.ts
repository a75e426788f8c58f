import type { ProxySettings } from '../copernica/proxy.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Verdict } from './check.js';
import type { HandlerProbe } from './gather-handlers.js';

/** What is the same for all accounts. */
export interface Shared {
  /** Null: there is none. */
  readonly settingsFile: string | null;
  readonly accounts: readonly AccountSettings[];
  readonly proxy: ProxySettings;
  readonly connectWithinMs: number;
  readonly userAgent: string;
  /** Where the status server of the process would listen. */
  readonly listen: Verdict;
  /** Null: handlers are left out. */
  readonly probeHandlers: HandlerProbe | null;
  readonly now: () => Date;
}

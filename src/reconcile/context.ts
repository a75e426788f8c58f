import type { CopernicaApi } from '../copernica/api.js';
import type { Turns } from '../turns.js';
import type { OpenJournal } from './edges.js';
import type { Progress } from './look.js';
import type { OpenReason } from './recover.js';

/** What carrying out a plan needs. */
export interface ApplyContext {
  readonly journal: OpenJournal;
  readonly api: CopernicaApi;
  /** The manifest's path, for messages. */
  readonly manifestFile: string;
  /** Creates that are sent at a time. Their intents are put on disk ahead of their turn, but for those of `alike`. */
  readonly turns: Turns;
  /** What the account shows of webhooks that several entries ask for, told apart by database or collection alone. */
  readonly alike: ReadonlySet<string>;
  now(): Date;
  /** Aborted: start no new request. */
  readonly stop: AbortSignal;
  readonly onProgress: Progress;
  /** True when an uncertain entry was looked for long enough after its POST, and may be sent again. */
  maySendAgain(name: string): boolean;
  /** Why uncertain entries were not settled by looking, by name. */
  readonly openBecause: ReadonlyMap<string, OpenReason>;
}

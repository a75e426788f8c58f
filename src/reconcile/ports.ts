import type { Logger } from 'pino';
import type { CopernicaApi } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import type { StateLease } from '../state/store.js';
import type { FormerName, ManifestEntry } from '../webhook.js';

/** A valid manifest with its warnings. An invalid one is thrown as ProductError of kind `input`. */
export interface ValidManifest {
  readonly entries: readonly ManifestEntry[];
  /** Names whose webhooks are to be deleted. */
  readonly removed: readonly FormerName[];
  readonly warnings: readonly Problem[];
  /** The git commit that is checked out where the manifest lies. Null or left out: unknown. */
  readonly commit?: string | null;
  /** False: the file changed a moment ago and may be half written, so entries that left it are not deleted yet. */
  readonly mayPrune?: boolean;
}

/** Everything outside that a reconciler uses. One for each (manifest, token, state); nothing is global. */
export interface ReconcilerPorts {
  /** Reads the manifest afresh. A run acts on what it says under the lock. */
  loadManifest(): Promise<ValidManifest>;
  /** Takes the lease on the state for one run. */
  lockState(): Promise<StateLease>;
  readonly api: CopernicaApi;
  /** The system's time. */
  now(): Date;
  /** Starts a clock for one run: from the system's time it advances evenly, even if that is set to another time. */
  startClock(): () => Date;
  /** Resolves after this many milliseconds, or earlier when `stop` is aborted. */
  sleep(ms: number, stop: AbortSignal): Promise<void>;
  readonly log: Logger;
}

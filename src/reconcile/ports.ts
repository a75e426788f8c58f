import type { Logger } from 'pino';
import type { CopernicaApi } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import type { StateLease } from '../state/store.js';
import type { FormerName, ManifestEntry } from '../webhook.js';

/** Valid manifest with its warnings; an invalid one is thrown as ProductError of kind `input`. */
export interface ValidManifest {
  readonly entries: readonly ManifestEntry[];
  /** Names of the state whose webhooks are to be deleted. */
  readonly removed: readonly FormerName[];
  readonly warnings: readonly Problem[];
  /** The git commit that was checked out where it lies; left out or null: not known. */
  readonly commit?: string | null;
  /** False: it changed a moment ago, and may be half written, so what left it is not deleted yet. */
  readonly mayPrune?: boolean;
}

/**
 * Everything that one reconciler touches outside of itself. One for each (manifest, token, state); nothing is global.
 */
export interface ReconcilerPorts {
  /** Reads it anew. What is acted on is what it said under the lock. */
  loadManifest(): Promise<ValidManifest>;
  /** Takes the lease on the state, for one run. */
  lockState(): Promise<StateLease>;
  readonly api: CopernicaApi;
  /** The system's time. */
  now(): Date;
  /** A clock that begins with the system's time and goes on evenly, whatever becomes of that: for one run. */
  startClock(): () => Date;
  /** Resolves after so many milliseconds, or earlier when `stop` is aborted. */
  sleep(ms: number, stop: AbortSignal): Promise<void>;
  readonly log: Logger;
}

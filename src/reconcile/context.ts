import type { CopernicaApi } from '../copernica/api.js';
import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';
import type { OnProgress } from '../plan/progress.js';
import type { Settling } from '../recovery/proof.js';
import type { Recovery } from '../recovery/recover.js';
import type { OpenJournal } from '../state/store.js';

/** What carrying out a plan needs. */
export interface ApplyContext {
  readonly journal: OpenJournal;
  readonly api: CopernicaApi;
  readonly recovery: Recovery;
  readonly concurrency: number;
  /** How long to wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly settling: Settling;
  /** `hold`: what is uncertain is never sent again automatically. */
  readonly onUncertain: 'recover' | 'hold';
  now(): Date;
  /** Aborted: start no new request. */
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** See RunOptions. */
  readonly onResult?: (applied: AppliedChange) => void;
  /** The result of this change in the run before, if Copernica refused it then: it is not tried again. */
  refusedBefore(change: Change): AppliedChange | null;
  /** True once: one POST may be sent although answers were lost lately. Whoever asks must send it. */
  takeRetry(): boolean;
}

import type { StatusSnapshot } from '../../src/status/snapshot.js';

/** All times are milliseconds since 1970. */
export interface Run {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly triggers: readonly string[];
  readonly result: string;
}

/** Something that must be answered by a run with this trigger. */
export interface Cause {
  readonly trigger: 'manifest' | 'schedule' | 'hangup';
  readonly at: number;
}

/** What the process held, after garbage was collected. */
export interface Sample {
  readonly at: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
  readonly files: number;
  /** What keeps its event loop alive: timers, sockets, watches, signals. */
  readonly resources: number;
  readonly stateBytes: number;
  readonly stateRecords: number;
}

/** A look at the account while all was quiet. */
export interface Check {
  readonly at: number;
  readonly wanted: readonly string[];
  readonly live: readonly string[];
  readonly health: string;
}

/** What a daemon showed of itself in its life, and what was done to it. */
export interface LifeRecord {
  readonly from: number;
  readonly to: number;
  readonly runs: readonly Run[];
  readonly causes: readonly Cause[];
  readonly samples: readonly Sample[];
  readonly checks: readonly Check[];
  /** JWTs that were handed out, and moments from which one was refused. */
  readonly trades: readonly number[];
  readonly refusals: readonly number[];
  /** As the daemon's process counted them. */
  readonly sent: { readonly requests: number; readonly expired: number; readonly jwts: number };
  /** Runs that the metrics count. */
  readonly countedRuns: number;
  /** Everything it printed and served. */
  readonly outputs: readonly string[];
}

/** Puts together the last runs that each snapshot shows. Says so where some may be missing between two. */
export class Runs {
  readonly complaints: string[] = [];
  readonly #runs = new Map<string, Run>();

  add(snapshot: StatusSnapshot): void {
    const runs = snapshot.accounts[0]?.runs ?? [];
    const known = runs.filter(({ startedAt }) => this.#runs.has(startedAt));
    if (this.#runs.size > 0 && runs.length > 0 && known.length === 0) {
      this.complaints.push(`runs before ${runs.at(-1)?.startedAt} were not seen`);
    }
    for (const { startedAt, durationMs, triggers, result } of runs) {
      const start = Date.parse(startedAt);
      this.#runs.set(startedAt, { startedAt: start, endedAt: start + durationMs, triggers, result });
    }
  }

  get all(): readonly Run[] {
    return [...this.#runs.values()].sort((a, b) => a.startedAt - b.startedAt);
  }
}

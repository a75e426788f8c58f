import type { Clock } from '../../src/state/postgres/clock.js';
import { Members } from '../../src/state/postgres/membership.js';
import { postgresStore } from '../../src/state/postgres/store.js';
import type { State } from '../../src/state/state.js';
import type { StateStore } from '../../src/state/store.js';
import { connectionTo } from './connection.js';
import { Disk } from './disk.js';
import { memoryStore } from './memory-store.js';
import type { Process } from './process.js';
import { Server } from './server.js';
import { START, STATE_PATH, stateIn } from './terms.js';
import type { World } from './world.js';

/** Where processes keep the state. */
export interface Place {
  /** As a new process would find it; null before the first run. */
  readonly state: State | null;
  /** By processes that run at the same time. */
  readonly isShared: boolean;
  /** Whether this intent is there whatever happens. */
  hasIntent(intent: number): boolean;
  storeOf(process: Process): StateStore;
  onStart(): void;
  /** A process is killed. `share` of what was not flushed survives. */
  onKill(share: number): void;
  /** A process passed its checks, and sends a request. */
  onSend(process: Process, call: string): void;
}

/** A file on the disk of one machine. One process at a time has the state: that of a dead one is the next one's. */
export function filePlace({ recorder }: Pick<World, 'recorder'>): Place {
  const disk = new Disk();
  return {
    get state() {
      return stateIn(disk.read(STATE_PATH));
    },
    isShared: false,
    hasIntent: (intent) => disk.flushed(STATE_PATH).includes(`"type":"intent","intent":${intent},`),
    storeOf: (process) => memoryStore(disk.files({ pass: (act) => process.pass(act) }), { holder: null }),
    onStart: () => recorder.onStart(),
    onKill: (share) => disk.crash(share),
    onSend: () => {},
  };
}

export const LEASE_MS = 15_000;
export const WENT_ON = 'a process went on after its records were gone';
export const ADDRESS = {
  host: 'simulated',
  port: 5432,
  user: 'u',
  database: 'd',
  name: 'default',
  sslMode: 'disable',
} as const;

/** A database, which several processes reach at the same time. */
export class SharedPlace implements Place {
  readonly server: Server;
  readonly #world: World;
  /** Under which ids a process is known there, and the number of the last record that it was told is stored. */
  readonly #known = new Map<Process, { readonly ids: Set<string>; last: number }>();
  /** Of processes that know better than the server. */
  readonly #lost = new Set<Process>();
  wentBack = false;
  readonly isShared = true;

  constructor(world: World) {
    this.#world = world;
    this.server = new Server(world.time, {
      onTaken: (until) => world.recorder.onTakenOver(until),
      onStored: (id, isAll) => this.#onStored(id, isAll),
    });
  }

  get state(): State | null {
    try {
      return this.server.state;
    } catch (error) {
      this.#world.recorder.accuse(`the records do not fit: ${String(error)}`);
      return null;
    }
  }

  hasIntent(intent: number): boolean {
    return this.server.hasStored(intent);
  }

  storeOf(process: Process): StateStore {
    const known = { ids: new Set<string>(), last: 0 };
    this.#known.set(process, known);
    const line = {
      later: (ms: number, task: () => void) => void process.later(ms, task),
      atServer: (ms: number, task: () => void) => void this.#world.time.after(ms, task),
      boundary: () => process.boundary(),
      latency: () => process.latency(),
    };
    const tables = connectionTo(this.server, line, process.weather, {
      onEnrolled: (id) => void known.ids.add(id),
      onStored: (last) => {
        known.last = Math.max(known.last, last);
      },
    });
    return postgresStore({ address: ADDRESS, members: new Members(tables, LEASE_MS, this.#clockOf(process)) });
  }

  /** It runs evenly, a little too fast or too slow, from anywhere. */
  #clockOf(process: Process): Clock {
    const { time } = this.#world;
    const rate = 1 + process.drift;
    const every = (ms: number, task: () => void) => {
      let isOff = false;
      const next = () =>
        process.later(ms / rate, () => {
          if (isOff) return;
          task();
          next();
        });
      next();
      return () => {
        isOff = true;
      };
    };
    return { now: () => 5 + (time.now() - START) * rate, sleep: (ms) => process.sleep(ms / rate), every };
  }

  onStart(): void {
    // That others give up is seen when the lease is taken over.
  }

  onKill(): void {}

  onSend(process: Process, call: string): void {
    // Its lease went back with the rest.
    if (this.wentBack) return;
    const ids = this.#known.get(process)?.ids ?? new Set();
    if (![...ids].some((id) => this.server.isHeldBy(id)))
      this.#world.recorder.accuse(`${call} was sent without the lease`);
  }

  goBack(groups: number): void {
    if (groups === 0 || !this.server.goBack(groups)) return;
    this.wentBack = true;
    for (const [process, { last }] of this.#known) if (last > this.server.last) this.#lost.add(process);
  }

  #onStored(id: string, isAll: boolean): void {
    // Written anew, the records don't show any more who wrote what.
    if (isAll) this.#lost.clear();
    for (const process of this.#lost) {
      if (this.#known.get(process)?.ids.has(id)) this.#world.recorder.accuse(WENT_ON);
    }
  }
}

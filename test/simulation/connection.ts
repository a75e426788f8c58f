import type { Tables } from '../../src/state/postgres/tables.js';
import type { Server } from './server.js';

/** What becomes of one call to the database. */
export interface Weather {
  /** The calls from this one on. */
  readonly from: number;
  readonly times: number;
  readonly what:
    | { readonly kind: 'no-connection' }
    /** It is carried out, and nobody hears of it. */
    | { readonly kind: 'answer-lost' }
    | { readonly kind: 'never-arrives' }
    /** Carried out so much later than it was sent, when nobody waits for it any more, or still does. */
    | { readonly kind: 'late'; readonly ms: number }
    /** Carried out at once, and heard of so much later. */
    | { readonly kind: 'slow-answer'; readonly ms: number };
}

/** What a connection needs of its process. */
export interface Line {
  /** Does it so much later, or when the process goes on; never once it is dead. */
  later(ms: number, task: () => void): void;
  /** At the server, whatever becomes of the process. */
  atServer(ms: number, task: () => void): void;
  /** The process touches the outside: it may end here, or pause. True: it is dead. */
  boundary(): boolean;
  latency(): number;
}

const ANSWER_WITHIN_MS = 10_000;

/** Is told under which ids the process is known there, and of the last record that it knows to be stored. */
export interface Told {
  onEnrolled(process: string): void;
  onStored(last: number): void;
}

/** The tables as one process reaches them. */
export function connectionTo(
  server: Server,
  line: Line,
  weather: readonly Weather[],
  { onEnrolled, onStored }: Told,
): Tables {
  let calls = 0;
  const call = <T>(act: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      if (line.boundary()) return;
      calls += 1;
      const number = calls;
      const what = weather.find(({ from, times }) => number >= from && number < from + times)?.what;
      let isOver = false;
      const end = (task: () => void) => {
        if (isOver || line.boundary()) return;
        isOver = true;
        line.later(0, task);
      };
      const fail = (message: string) => end(() => reject(new Error(message)));
      const carriedOutIn = (ms: number, answerMs: number | null) =>
        line.atServer(ms, () => {
          const result = act();
          if (answerMs !== null) line.later(answerMs, () => end(() => resolve(result)));
        });
      line.later(ANSWER_WITHIN_MS, () => fail('Query read timeout'));
      switch (what?.kind) {
        case 'no-connection':
          line.later(1, () => fail('connect ECONNREFUSED'));
          return;
        case 'never-arrives':
          return;
        case 'answer-lost':
          carriedOutIn(line.latency(), null);
          line.later(50, () => fail('Connection terminated unexpectedly'));
          return;
        case 'late':
          carriedOutIn(what.ms, line.latency());
          return;
        case 'slow-answer':
          carriedOutIn(line.latency(), what.ms);
          return;
        case undefined:
          carriedOutIn(line.latency(), line.latency());
      }
    });
  return {
    readyToRead: () => call(() => true),
    readyToWrite: () => call(() => true),
    enrol: (process, _about, leaseMs) => {
      onEnrolled(process);
      return call(() => server.enrol(process, leaseMs));
    },
    renew: (process, leaseMs) => call(() => server.renew(process, leaseMs)),
    leave: (process) => call(() => server.leave(process)),
    find: () => call(() => server.find()),
    begin: () => call(() => server.begin()),
    records: () => call(() => server.records()),
    otherStateOf: () => call(() => null),
    take: (wanted) => call(() => server.take(wanted)),
    now: () => call(() => server.now()),
    giveBack: ({ process, epoch }) => call(() => server.giveBack(process, epoch)),
    holder: () => call(() => server.holder()),
    append: async (lease, group) => {
      const appended = await call(() => server.append(lease, group));
      if (appended.isStored || appended.isOurs) onStored(group.last + group.records.length);
      return appended;
    },
    setManifests: (lease, manifests) => call(() => server.setManifests(lease, manifests)),
    saveOutcome: (_state, record) => call(() => server.saveOutcome(record)),
    outcomes: () => call(() => server.outcomes()),
    dropOutcomes: (_state, keys) => call(() => server.dropOutcomes(keys)),
  };
}

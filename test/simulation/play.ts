import { ProductError } from '../../src/errors.js';
import { formatApplied } from '../../src/output/apply-text.js';
import { type RunOptions, type RunReport, runOnce } from '../../src/reconcile/run-once.js';
import type { Unfinished } from '../../src/reconcile/unfinished.js';
import { TRIGGERS } from '../../src/webhook.js';
import { edited, entryOf, removedBy, valid } from './edits.js';
import type { HandStep, History, RunStep, Step } from './history.js';
import { manyEntries } from './many.js';
import { Process } from './process.js';
import type { Sabotage } from './sabotage.js';
import { SETTLE_MS, TIMEOUT_MS } from './terms.js';
import { World } from './world.js';

/**
 * Each run settles what is uncertain, or waits for more time to pass; what can't be read takes three runs and a day.
 */
const MOST_CLEAN_RUNS = 12;
const RETRY_MS = 1_000;
/** The longest pause between two creates, and the clock of the machine may be behind what it said before. */
const BETWEEN_CLEAN_RUNS_MS = 25 * 3_600_000 + 4 * 7_200_000;

export type Outcome = RunReport | ProductError | 'died';

export const CLEAN: RunStep = {
  kind: 'run',
  faults: [],
  noConnection: [],
  end: null,
  refresh: true,
  prune: true,
  force: true,
  hold: false,
  wait: true,
  comesBack: 0,
  concurrency: 4,
  patient: false,
  token: 'ours',
  jump: null,
  retry: false,
};

/** Lets a history happen, and then lets it settle. */
export async function play(history: History, sabotage?: Sabotage): Promise<World> {
  const world = new World(history);
  const player = new Player(world, history, sabotage);
  for (const { spec } of manyEntries(history.twins ?? 0)) world.model.createByHand({ ...spec }, world.time.now());
  if (history.crowd > 0) {
    const crowd = Array.from({ length: history.crowd }, (_, index) =>
      entryOf(`crowd-${index}`, { handler: `https://crowd.example/${index}`, trigger: TRIGGERS[2] }),
    );
    world.entries = [...crowd, ...world.entries];
    await player.run(CLEAN);
  }
  world.entries = [...world.entries, ...manyEntries(history.many ?? 0)];
  world.othersBetween = history.othersBetween ?? 0;
  world.readLagMs = history.readLagMs ?? 0;
  for (const id of history.unreadable ?? []) world.unreadable.add(id);
  for (const step of history.steps) await player.step(step);
  return world;
}

export class Player {
  readonly #world: World;
  readonly #history: Pick<History, 'scanLimit'>;
  readonly #sabotage: Sabotage | undefined;

  constructor(world: World, history: Pick<History, 'scanLimit'>, sabotage?: Sabotage) {
    this.#world = world;
    this.#history = history;
    this.#sabotage = sabotage;
  }

  async step(step: Step): Promise<void> {
    const world = this.#world;
    switch (step.kind) {
      case 'run':
        return this.#runWithFaults(step);
      case 'edit':
        for (const edit of step.edits) {
          const name = removedBy(world.entries, edit);
          if (name !== null) world.removed.add(name);
          world.entries = edited(world.entries, edit);
        }
        return;
      case 'break':
      case 'mend':
        world.isBroken = step.kind === 'break';
        return;
      case 'others':
        world.model.takeIds(step.ids);
        return;
      case 'time':
        return world.time.pass(step.ms);
      case 'jump':
        return world.jump(step.byMs);
      case 'by-hand':
        return this.#byHand(step);
    }
  }

  #byHand(step: HandStep): void {
    const { model, time, entries, state } = this.#world;
    if (step.what === 'twin') {
      const entry = entries[step.at % Math.max(1, entries.length)];
      if (entry !== undefined) model.createByHand({ ...entry.spec }, time.now());
      return;
    }
    // One that is known: what was lost and edited before it was found can't be recognised by anybody.
    const known = [...model.webhooks()].filter(({ id }) => state?.owners.has(id) === true);
    const webhook = known[step.at % Math.max(1, known.length)];
    if (webhook === undefined) return;
    switch (step.what) {
      case 'removed':
        model.removeByHand(webhook.id, time.now());
        return;
      case 'vanished':
        model.vanish(webhook.id);
        return;
      case 'edited': {
        const { handler, trigger, callers } = step.as;
        model.changeByHand(webhook.id, { handler, trigger, ...(callers === undefined ? {} : { callers }) });
      }
    }
  }

  async #runWithFaults(step: RunStep): Promise<void> {
    const world = this.#world;
    for (const fault of step.faults) world.model.orderFault(fault);
    world.noConnection = step.noConnection.map((rule) => ({ ...rule, seen: 0 }));
    const { jump } = step;
    const callOff = jump === null ? () => {} : world.time.after(jump.afterMs, () => world.jump(jump.byMs));
    let outcome = await this.run(step);
    let unfinishedBefore: Unfinished | undefined;
    for (let back = 0; back < step.comesBack && !step.wait && outcome !== 'died'; back += 1) {
      await world.time.pass(waitMs(outcome));
      const unfinished: Unfinished | undefined = isReport(outcome) ? outcome.unfinished : unfinishedBefore;
      outcome = await this.run({ ...step, refresh: step.refresh && unfinished === undefined, end: null }, unfinished);
      unfinishedBefore = unfinished;
    }
    callOff();
    world.model.clearFaults();
    world.noConnection = [];
  }

  /** One run of a process, to its end or its death; `unfinished`: it tries again what another one left. */
  async run(step: RunStep, unfinished?: Unfinished): Promise<Outcome> {
    const world = this.#world;
    const { recorder } = world;
    // The first run decides whose state it is.
    const process = new Process(world, world.state === null ? { ...step, token: 'ours' } : step);
    const sent = world.model.requests.length;
    const { isManifestValid } = world;
    const { ports, options } = this.#sabotaged(process, {
      ...runOptions(step, { scanLimit: this.#history.scanLimit, stop: process.stop.signal }),
      unfinished,
    });
    let outcome: Outcome | undefined;
    runOnce(ports, options).then(
      (report) => {
        outcome = report;
      },
      (error: unknown) => {
        if (!(error instanceof ProductError))
          recorder.accuse(`threw ${String(error instanceof Error ? error.stack : error)}`);
        outcome = error instanceof ProductError ? error : 'died';
      },
    );
    await world.time.runWhile(() => outcome === undefined && !process.dead);
    process.dead = true;
    recorder.onEnd(process);
    if (!isManifestValid && world.model.requests.length > sent) recorder.accuse('sent something for a broken manifest');
    if (outcome === undefined) return 'died';
    if (outcome !== 'died') for (const text of printed(outcome)) recorder.onPrinted(text);
    return outcome;
  }

  #sabotaged(process: Process, options: RunOptions) {
    const ports = this.#sabotage?.ports?.(process.ports()) ?? process.ports();
    return { ports, options: this.#sabotage?.options?.(options) ?? options };
  }

  /**
   * Everything is mended, and clean runs are made until nothing is uncertain any more, with time for what the server
   * still acts on. The last one refreshes, when all that comes late has come.
   */
  async settle(prune: boolean): Promise<void> {
    const world = this.#world;
    world.isBroken = false;
    world.entries = valid(world.entries);
    for (let count = 0; count < MOST_CLEAN_RUNS; count += 1) {
      await this.run({ ...CLEAN, prune });
      await world.time.drain();
      await world.time.pass(BETWEEN_CLEAN_RUNS_MS);
      const { state } = world;
      if (state === null || count === 0) continue;
      if (state.intents.size + state.closed.size + state.pendingDeletes.size === 0) break;
    }
    await this.run({ ...CLEAN, prune });
  }
}

export function runOptions(
  step: Pick<RunStep, 'refresh' | 'prune' | 'force' | 'hold' | 'wait' | 'concurrency' | 'retry'>,
  { scanLimit, stop }: { readonly scanLimit: number; readonly stop: AbortSignal },
): RunOptions {
  const { refresh, prune, force, hold, wait, concurrency, retry } = step;
  return {
    concurrency,
    timeoutMs: TIMEOUT_MS,
    init: true,
    retry,
    refresh,
    prune,
    force,
    onUncertain: hold ? 'hold' : 'recover',
    settling: { settleMs: SETTLE_MS, scanLimit },
    waitToSettle: wait,
    stop,
    onProgress: () => {},
  };
}

function isReport(outcome: Outcome): outcome is RunReport {
  return outcome !== 'died' && !(outcome instanceof ProductError);
}

/** As the daemon waits: for the back-off, or for what is uncertain to settle. */
function waitMs(outcome: Outcome): number {
  if (!isReport(outcome) || outcome.comeBackInMs === null) return RETRY_MS;
  return Math.max(RETRY_MS, outcome.comeBackInMs);
}

/** All that people get to see of a run. */
function printed(outcome: RunReport | ProductError): string[] {
  if (outcome instanceof ProductError) return [outcome.message, JSON.stringify(outcome.problems)];
  const { changes, warnings } = outcome;
  const errors = changes.flatMap(({ error }) => error?.problems ?? []);
  const reasons = changes.map(({ change }) => change.reason);
  return [formatApplied(changes, { color: false }), JSON.stringify([...errors, ...warnings]), ...reasons];
}

import { type Problem, ProductError } from '../errors.js';
import type { AppliedChange } from '../plan/applied.js';
import { isPending, type Plan } from '../plan/change.js';
import { approve } from '../plan/guard.js';
import { countUnread, type LiveViews, unreadProblems } from '../plan/live.js';
import { makePlan } from '../plan/plan.js';
import { renamesOfUncertain, type Settling, settledAt } from '../plan/recovery.js';
import { isOpen, type State } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { applyPlan } from './apply.js';
import type { OpenJournal, ReconcilerEdges, ValidManifest } from './edges.js';
import type { Progress } from './look.js';
import { mergeResults } from './merge.js';
import { lookUpLimits, withoutNames } from './names.js';
import { openState } from './open-state.js';
import { recoverByLooking } from './recover.js';
import { refresh } from './refresh.js';
import { isSettled } from './settled.js';

export interface RunOptions {
  /** The manifest's path, for messages. */
  readonly manifestFile: string;
  readonly concurrency: number;
  /** A missing state file is the first run's, not a lost one. */
  readonly init: boolean;
  readonly refresh: boolean;
  readonly prune: boolean;
  /** The user means it: past the deletion limit and "everything is gone", never past the account check. */
  readonly force: boolean;
  readonly onUncertain: 'recover' | 'hold';
  readonly settling: Settling;
  /** Wait for uncertain creates to settle, rather than saying when to come back. */
  readonly waitToSettle: boolean;
  /** Aborted: finish what is under way, start nothing new. */
  readonly stop: AbortSignal;
  readonly onProgress: Progress;
  /** Told as soon as there is a state, whatever becomes of the run. */
  readonly onStateOpened?: () => void;
}

export interface RunReport {
  readonly manifest: ValidManifest;
  readonly changes: readonly AppliedChange[];
  /** Of the manifest, and, as an error, what could not be checked. */
  readonly warnings: readonly Problem[];
  /** Live webhooks that were to be checked and could not be: then the run is not complete. */
  readonly unread: number;
  /** When an uncertain create can be settled; null: there is none that time would settle. */
  readonly comeBackAt: Date | null;
  /** What is known when it ended. */
  readonly state: State;
}

/** A POST that times out while another is being recovered needs another round; an API that only fails must not hold a run for ever. */
const MOST_ROUNDS = 6;

/**
 * Reconciles once: looks for what is uncertain, plans, applies, and again while that brought something new to light.
 *
 * Throws ProductError when it ends before anything was changed: the manifest is wrong (`input`), a guard says no
 * (`refused`), or the state or the account can't be read (`failed`).
 */
export async function runOnce(edges: ReconcilerEdges, options: RunOptions): Promise<RunReport> {
  const manifest = await edges.loadManifest();
  const locked = await edges.lockState();
  try {
    const { journal, isNew } = await openState(locked, edges, options);
    options.onStateOpened?.();
    const startedAt = edges.now();
    const { state } = journal;
    const asIs = withoutNames(manifest.entries)?.entries ?? null;
    if (!isNew && needsTheAccount(asIs, state, options)) {
      checkAccount(await readAccount(edges.api), state.account);
    }
    const file = options.manifestFile;
    const desired = asIs ?? (await lookUpLimits(manifest.entries, edges.api, { file, state })).entries;
    const run: Run = { edges, options, journal, desired, startedAt };
    let changes: readonly AppliedChange[] = [];
    let views = await refreshed(run);
    const warnings = [...manifest.warnings, ...unreadProblems(views)];
    const unread = countUnread(views);
    for (let round = 1, atOnce = false; ; round += atOnce ? 0 : 1) {
      const lookedAt = edges.now();
      const firstIntent = journal.state.nextIntent;
      const results = await oneRound(run, views);
      changes = mergeResults(changes, results);
      const comeBackAt = nextSettling(journal.state, options.settling, lookedAt);
      const again = results.some(({ change, result }) => change.action === 'recover' && result === 'done');
      const wait = comeBackAt !== null && options.waitToSettle;
      if (options.stop.aborted || round === MOST_ROUNDS || !(again || wait)) {
        const { source } = manifest;
        const allTold = warnings.length === 0 && changes.every(({ result }) => result === 'done');
        if (source !== undefined && asIs !== null && allTold && isSettled(desired, state))
          locked.leaveClean?.(source, desired.length);
        return { manifest, changes, warnings, unread, comeBackAt, state };
      }
      // What was sent in this round was not looked for yet, and most of it is found at the first look.
      atOnce = !atOnce && !again && isAnyOpenFrom(firstIntent, journal.state);
      if (!again && !atOnce && comeBackAt !== null) {
        edges.log.info({ until: comeBackAt }, 'waiting for uncertain creates to settle');
        await edges.sleepUntil(comeBackAt, options.stop);
        // What the rounds so far found stands: to look again would be a new request.
        if (options.stop.aborted) return { manifest, changes, warnings, unread, comeBackAt, state };
      }
      // What a refresh saw is used once: the changes it led to are made, and are not seen in it.
      views = new Map();
    }
  } finally {
    await locked.release();
  }
}

interface Run {
  readonly edges: ReconcilerEdges;
  readonly options: RunOptions;
  readonly journal: OpenJournal;
  readonly desired: readonly DesiredWebhook[];
  readonly startedAt: Date;
}

async function oneRound(run: Run, views: LiveViews): Promise<AppliedChange[]> {
  const { edges, options, journal, desired, startedAt } = run;
  for (const rename of renamesOfUncertain(desired, journal.state)) {
    journal.write({ type: 'renamed', ...rename, at: edges.now().toISOString() });
  }
  const openBecause = await recoverByLooking({
    ...options,
    journal,
    api: edges.api,
    now: edges.now,
    log: edges.log,
    runStartedAt: startedAt,
    namesToPost: () => namesToPost(desired, journal.state),
  });
  const plan = makePlan(desired, journal.state, views, options);
  const verdict = approve(plan, journal.state, options);
  if (verdict.kind === 'refused') throw new ProductError('refused', [verdict.problem]);
  // Where ids turned out not to rise they are no bounds, and a second POST could never be told from the first.
  const mayPostAgain = options.onUncertain === 'recover' && journal.state.idsRise;
  const maySendAgain = (name: string) => mayPostAgain && openBecause.get(name)?.kind === 'absent';
  return applyPlan(verdict.plan, { ...options, journal, api: edges.api, now: edges.now, maySendAgain, openBecause });
}

/** Entries that would be POSTed if nothing were uncertain. */
function namesToPost(desired: readonly DesiredWebhook[], state: State): ReadonlySet<string> {
  const { changes } = makePlan(desired, { ...state, intents: new Map() });
  return new Set(changes.filter(({ action }) => action === 'create' || action === 'replace').map(({ name }) => name));
}

/** `desired` is null while names are to be looked up. */
function needsTheAccount(desired: readonly DesiredWebhook[] | null, state: State, options: RunOptions): boolean {
  if (desired === null || state.intents.size > 0) return true;
  if (options.refresh && state.entries.size > 0) return true;
  return hasSomethingToSend(makePlan(desired, state, new Map(), options));
}

function hasSomethingToSend(plan: Plan): boolean {
  return plan.changes.some((change) => isPending(change) && change.action !== 'move');
}

async function refreshed({ edges, options, journal, desired }: Run): Promise<LiveViews> {
  if (!options.refresh) return new Map();
  const ids = desired.flatMap(({ name }) => journal.state.entries.get(name)?.id ?? []);
  return refresh(ids, edges.api, options);
}

/** Whether an intent is open that was written after the others were looked for. */
function isAnyOpenFrom(first: number, state: State): boolean {
  return [...state.intents.values()].some((intent) => isOpen(intent) && intent.intent >= first);
}

/** When the next uncertain create settles that had not when it was last looked for, or null. */
function nextSettling(state: State, { settleMs }: Settling, lookedAt: Date): Date | null {
  const times = [...state.intents.values()]
    .filter(isOpen)
    .map((intent) => settledAt(intent, settleMs) ?? 0)
    .filter((time) => time > lookedAt.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}

import type { Identity } from '../copernica/api.js';
import { type Problem, ProductError } from '../errors.js';
import type { AppliedChange } from '../plan/applied.js';
import { type Change, isPending, type Plan } from '../plan/change.js';
import { type Digest, manifestDigest, planDigest } from '../plan/digest.js';
import { formerNameNotices } from '../plan/former-names.js';
import { approve } from '../plan/guard.js';
import { countUnread, type LiveViews, unreadProblems } from '../plan/live.js';
import { makePlan, type PlanOptions } from '../plan/plan.js';
import type { OnProgress } from '../plan/progress.js';
import { type SavedPlan, staleness } from '../plan/saved.js';
import type { ShownAs } from '../plan/sides.js';
import { ripeAt, type Settling } from '../recovery/proof.js';
import { noteHighest, Recovery } from '../recovery/recover.js';
import { renamesOfUncertain } from '../recovery/renames.js';
import { lossesProblem, msUntilMany, msUntilRipe, pauseMs } from '../recovery/sending.js';
import type { State } from '../state/state.js';
import type { OpenJournal } from '../state/store.js';
import type { DesiredWebhook } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { noteProtection } from './actions.js';
import { applyPlan, isFinal } from './apply.js';
import type { ApplyContext } from './context.js';
import { mergeResults } from './merge.js';
import { lookUpScopes, withoutNames } from './names.js';
import { explainOpen } from './open.js';
import { openState } from './open-state.js';
import type { ReconcilerPorts, ValidManifest } from './ports.js';
import { knownWebhooks, refresh } from './refresh.js';
import { refusedBefore, type Unfinished, whatIsLeft } from './unfinished.js';

export interface RunOptions {
  readonly concurrency: number;
  /** How long to wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** If there is no state, this is the first run: the state was not lost. */
  readonly init: boolean;
  /** Also check the live webhooks. */
  readonly refresh: boolean;
  /**
   * What the run before left undone, to be tried again: only the webhooks it names are read, and what Copernica refused
   * is not sent again. Ignored if the manifest has changed since. Left out: everything is tried.
   */
  readonly unfinished?: Unfinished | undefined;
  readonly prune: boolean;
  /** The user insists: overrides the deletion limit and "everything is gone", but never the account check. */
  readonly force: boolean;
  readonly onUncertain: 'recover' | 'hold';
  /** One create may be sent although answers were lost lately. */
  readonly retry: boolean;
  readonly settling: Settling;
  /** Repeat rounds while that settles more, and wait once until the server can no longer act. False: one round. */
  readonly waitToSettle: boolean;
  /** Aborted: finish what is under way, start nothing new. */
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** Left out: the plan is made and carried out in one go. */
  readonly savedPlan?: PlanToFollow;
  /** Called before anything is changed, with the account (null if it was not asked) and its id. */
  readonly onBegin?: (account: Identity | null, id: string) => void;
  /** Called for each change as soon as it is done or has failed, and once more when its round ends. */
  readonly onResult?: (applied: AppliedChange) => void;
  /**
   * Throws if this manifest must not be applied now. Called only where several processes apply manifests to the same
   * state, with the digests of those applied before, the latest last.
   */
  readonly assertNotBehind?: (digest: Digest, applied: readonly Digest[]) => void;
  /** Called as soon as the state is open, whatever becomes of the run. */
  readonly onStateOpened?: () => void;
}

/** A saved plan, and the path of its file, for messages. */
export interface PlanToFollow {
  readonly path: string;
  readonly plan: SavedPlan;
  readonly shown: ShownAs;
}

export interface RunReport {
  /** Whose token it is. Null: there was nothing to ask or send, so the account was not asked. */
  readonly account: Identity | null;
  /** Of what was to be done when the run began. A function, since it takes as long as planning. */
  digest(): Digest;
  readonly manifest: ValidManifest;
  readonly changes: readonly AppliedChange[];
  /** Warnings of the manifest, and, as errors, what could not be checked. */
  readonly warnings: readonly Problem[];
  /** How many live webhooks could not be checked. If there are any, the run is not complete. */
  readonly unread: number;
  /** The run was asked to check all live webhooks. */
  readonly refreshed: boolean;
  readonly unfinished: Unfinished;
  /** Why lost creates could not be looked for, or null. */
  readonly lookFailure: string | null;
  /** After how many milliseconds another run can settle or send more. Null: time alone changes nothing. */
  readonly comeBackInMs: number | null;
  /** The state when the run ended. */
  readonly state: State;
}

const NO_VIEWS: LiveViews = new Map();

/**
 * Reconciles once, in rounds: looks for what is uncertain, plans, applies, and repeats this while it settles more.
 *
 * Throws ProductError if it ends before anything was changed: the manifest is wrong (`input`), a guard refuses
 * (`refused`), or the state or the account can't be read (`failed`).
 */
export async function runOnce(ports: ReconcilerPorts, asked: RunOptions): Promise<RunReport> {
  asked.onProgress({ phase: 'locking' });
  const lease = await ports.lockState();
  try {
    asked.onProgress({ phase: 'asking' });
    const manifest = await ports.loadManifest();
    const { removed } = manifest;
    const options = { ...asked, removed, prune: asked.prune && manifest.mayPrune !== false };
    const opened = await openState(lease, ports, options);
    const { journal } = opened;
    options.onStateOpened?.();
    const { manifests } = lease;
    const applying = manifests === undefined ? null : { digest: manifestDigest(manifest), manifests };
    if (applying !== null) options.assertNotBehind?.(applying.digest, applying.manifests.applied);
    const unfinished = options.unfinished?.entries === manifest.entries ? options.unfinished : null;
    const asIs = unfinished?.desired ?? withoutNames(manifest.entries)?.entries ?? null;
    let account = opened.account;
    const isRead = unfinished === null ? options.refresh : unfinished.toRead.size > 0;
    const early =
      asIs === null || mustLook(journal.state, isRead) ? null : makePlan(asIs, journal.state, NO_VIEWS, options);
    if (account === null && (early === null || early.changes.some((change) => isSent(change, unfinished)))) {
      account = await readAccount(ports.api);
      checkAccount(account, journal.state.account);
    }
    const desired = asIs ?? (await lookUpScopes(manifest.entries, ports.api, journal.state)).entries;
    const run = startRun({ ...ports, now: ports.startClock() }, options, { journal, desired, unfinished });
    const known = knownWebhooks(early ?? makePlan(desired, journal.state));
    const refreshed = options.refresh && unfinished === null;
    const toRead = [...known.keys()].filter((id) => refreshed || unfinished?.toRead.has(id));
    const views = await refresh(toRead, ports.api, { ...options, known: known.size });
    const before = opened.isNew ? null : journal.state;
    const planned = early ?? makePlan(desired, before, views, options);
    const notices = formerNameNotices(manifest, before);
    if (options.savedPlan !== undefined) assertFresh(options.savedPlan, planned, before);
    const digest = () => planDigest(planned.changes, before);
    await applying?.manifests.add(applying.digest);
    options.onBegin?.(account, journal.state.account);
    const live = [...views.values()].flatMap((view) => (view.kind === 'found' ? [view.webhook] : []));
    noteHighest(live, journal, run.context.now().toISOString());
    const unread = countUnread(views);
    const { changes, comeBackInMs } = await inRounds(run, views, planned);
    const warnings = [...manifest.warnings, ...notices, ...unreadProblems(views), ...lossesProblem(journal.state)];
    const lookFailure = run.context.recovery.failure;
    const { state } = journal;
    const left = whatIsLeft({ entries: manifest.entries, desired, changes, views, known, state });
    return {
      account,
      digest,
      manifest,
      changes,
      warnings,
      unread,
      refreshed,
      unfinished: left,
      lookFailure,
      comeBackInMs,
      state,
    };
  } finally {
    await lease.release();
  }
}

/** A saved and approved plan is carried out exactly as it was saved, or not at all. */
function assertFresh({ path, plan, shown }: PlanToFollow, { changes }: Plan, state: State | null): void {
  const problems = staleness(plan, changes, { path, shown, state });
  if (problems.length > 0) throw new ProductError('refused', problems);
}

interface Run {
  readonly ports: ReconcilerPorts;
  readonly options: RunOptions & PlanOptions;
  readonly desired: readonly DesiredWebhook[];
  readonly context: ApplyContext;
}

function startRun(
  ports: ReconcilerPorts,
  options: RunOptions & PlanOptions,
  {
    journal,
    desired,
    unfinished,
  }: {
    readonly journal: OpenJournal;
    readonly desired: readonly DesiredWebhook[];
    readonly unfinished: Unfinished | null;
  },
): Run {
  const { api, log } = ports;
  const recovery = new Recovery({
    ...options,
    journal,
    api,
    log,
    now: ports.now,
    mayClose: options.onUncertain === 'recover',
    wanted: () => new Map(desired.map(({ name, spec }) => [name, spec])),
    namesToPost: () => namesToPost(desired, journal.state),
  });
  let hasRetry = options.retry;
  const takeRetry = () => {
    const had = hasRetry;
    hasRetry = false;
    return had;
  };
  const context: ApplyContext = {
    ...options,
    journal,
    api,
    recovery,
    now: ports.now,
    refusedBefore: (change) => refusedBefore(change, unfinished),
    takeRetry,
  };
  return { ports, options, desired, context };
}

/** The daemon does one round in each run, and comes back for the next. */
async function inRounds(
  run: Run,
  seen: LiveViews,
  planned: Plan,
): Promise<{ readonly changes: readonly AppliedChange[]; readonly comeBackInMs: number | null }> {
  const { ports, options, context } = run;
  const { state } = context.journal;
  let changes: readonly AppliedChange[] = [];
  let hasWaited = false;
  let views = seen;
  // If nothing is uncertain, looking can't change the plan.
  let settled = isUncertain(state) ? null : planned;
  await context.recovery.begin();
  for (;;) {
    const before = state.nextIntent;
    const settledBefore = openNumbers(state);
    const ripeBefore = ripeNumbers(state, options.settling, ports.now().getTime());
    const { results, plan } = await oneRound(run, views, settled);
    settled = null;
    const rows = explainOpen(results, plan, run.desired, context);
    changes = mergeResults(changes, rows);
    for (const row of changes) if (isFinal(row)) options.onResult?.(row);
    views = stillToMake(views, rows, state);
    const isWaiting = changes.some(({ result }) => result === 'uncertain' || result === 'skipped');
    if (!isWaiting || options.stop.aborted) return { changes, comeBackInMs: null };
    const hasHeadway = madeHeadway(state, before, settledBefore);
    const waitMs = msUntilRipe(state, options.settling.settleMs, ports.now().getTime());
    // An intent that was not ripe in this round may be settled by another look once it is.
    const ripens = [...state.intents.keys()].some((number) => !ripeBefore.has(number));
    if (!options.waitToSettle || !(hasHeadway || (ripens && !hasWaited))) {
      const nextMs = nextTryMs(state, options.settling, ports.now().getTime());
      return { changes, comeBackInMs: hasHeadway ? 0 : ripens ? (nextMs ?? 0) : nextMs };
    }
    if (hasHeadway) continue;
    ports.log.info(
      { seconds: Math.ceil(waitMs / 1000) },
      'waiting until the server can no longer act on a lost request',
    );
    options.onProgress({ phase: 'settling', waitMs });
    hasWaited = true;
    await ports.sleep(waitMs, options.stop);
    context.recovery.waited();
    // The results so far stand: another look would be a new request.
    if (options.stop.aborted) return { changes, comeBackInMs: null };
  }
}

/** Drops what a refresh saw of webhooks whose change is made by now: that view is older than the change. */
function stillToMake(views: LiveViews, rows: readonly AppliedChange[], { entries }: State): LiveViews {
  const undone = rows.filter(({ result }) => result !== 'done');
  const ids = new Set(
    undone.map(({ change }) => {
      return change.action === 'create' ? change.goneId : (entries.get(change.name)?.id ?? null);
    }),
  );
  return new Map([...views].filter(([id]) => ids.has(id)));
}

/** `settled`: the plan, if it does not depend on a look at what is uncertain. */
async function oneRound(
  { ports, options, desired, context }: Run,
  views: LiveViews,
  settled: Plan | null,
): Promise<{ readonly results: AppliedChange[]; readonly plan: Plan }> {
  const { journal, recovery } = context;
  for (const rename of renamesOfUncertain(desired, journal.state)) {
    journal.write({ type: 'renamed', ...rename, at: ports.now().toISOString() });
  }
  // Before recovery can find a webhook that would take the place of a protected one.
  noteProtection(desired, context);
  await recovery.look();
  await recovery.sweep();
  await recovery.lookAgain();
  const plan = settled ?? makePlan(desired, journal.state, views, options);
  const verdict = approve(plan, journal.state, options);
  if (verdict.kind === 'refused') throw new ProductError('refused', [verdict.problem]);
  const results = await applyPlan(verdict.plan, context);
  noteProtection(desired, context);
  return { results, plan };
}

/** Names of the entries for which a POST would be sent if nothing were uncertain. */
function namesToPost(desired: readonly DesiredWebhook[], state: State): ReadonlySet<string> {
  const { changes } = makePlan(desired, { ...state, intents: new Map() });
  return new Set(changes.filter(isPost).map(({ name }) => name));
}

function isPost({ action, refused }: Change): boolean {
  return (action === 'create' || action === 'replace') && refused === undefined;
}

function openNumbers({ intents }: State): ReadonlySet<number> {
  return new Set(intents.keys());
}

function ripeNumbers({ intents }: State, { settleMs }: Settling, now: number): ReadonlySet<number> {
  return new Set([...intents.values()].filter((intent) => ripeAt(intent, settleMs) <= now).map(({ intent }) => intent));
}

/** Another round can do more: something open was settled, or a create was answered while something was open. */
function madeHeadway(state: State, firstIntent: number, before: ReadonlySet<number>): boolean {
  if ([...before].some((number) => !state.intents.has(number))) return true;
  return [...state.entries.values()].some(({ answered }) => (answered?.intent ?? 0) >= firstIntent);
}

/** How long until something can be sent again. Null: time alone changes nothing. */
function nextTryMs(state: State, { settleMs }: Settling, now: number): number | null {
  const ms = Math.max(msUntilRipe(state, settleMs, now), pauseMs(state, settleMs, now), msUntilMany(state, now));
  return ms > 0 ? ms : null;
}

/** The plan can't be made from the state alone. `isRead`: live webhooks are to be read. */
function mustLook(state: State, isRead: boolean): boolean {
  return isUncertain(state) || (isRead && state.entries.size > 0);
}

function isUncertain({ intents, closed }: State): boolean {
  return intents.size + closed.size > 0;
}

function isSent(change: Change, unfinished: Unfinished | null): boolean {
  if (change.action === 'move' || change.refused !== undefined) return false;
  return isPending(change) && refusedBefore(change, unfinished) === null;
}

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
  /** How long an answer is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** A missing state file is the first run's, not a lost one. */
  readonly init: boolean;
  /** Check the live webhooks too. */
  readonly refresh: boolean;
  /**
   * What the run before left, to be tried again: of the account only what that names is read, and what Copernica refused
   * is left alone. It counts for nothing once the manifest is another. Left out: everything is tried.
   */
  readonly unfinished?: Unfinished | undefined;
  readonly prune: boolean;
  /** The user means it: past the deletion limit and "everything is gone", never past the account check. */
  readonly force: boolean;
  readonly onUncertain: 'recover' | 'hold';
  /** One create may be sent although answers were lost lately. */
  readonly retry: boolean;
  readonly settling: Settling;
  /** Go on for as long as that settles more, and wait once for the server; else one round. */
  readonly waitToSettle: boolean;
  /** Aborted: finish what is under way, start nothing new. */
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** Left out: what has to be done is done. */
  readonly savedPlan?: PlanToFollow;
  /** Told whom it is about, before anything is changed: the account, as far as it was asked, and its id. */
  readonly onBegin?: (account: Identity | null, id: string) => void;
  /** Told of each change that is done or failed as soon as it is, and again when the round ends that it was in. */
  readonly onResult?: (applied: AppliedChange) => void;
  /**
   * Throws where this manifest is not to be applied now. Asked with its digest and those that were applied before, the
   * latest last, where others apply theirs to the same state.
   */
  readonly assertNotBehind?: (digest: Digest, applied: readonly Digest[]) => void;
  /** Told as soon as there is a state, whatever becomes of the run. */
  readonly onStateOpened?: () => void;
}

/** A saved plan, and the path of its file, for messages. */
export interface PlanToFollow {
  readonly path: string;
  readonly plan: SavedPlan;
  readonly shown: ShownAs;
}

export interface RunReport {
  /** Whose token it is. Null: nothing was to be asked or sent, and nobody was asked. */
  readonly account: Identity | null;
  /** Of what was to be done when it began. Asked for, since it takes as long as the plan. */
  digest(): Digest;
  readonly manifest: ValidManifest;
  readonly changes: readonly AppliedChange[];
  /** Of the manifest, and, as an error, what could not be checked. */
  readonly warnings: readonly Problem[];
  /** Live webhooks that were to be checked and could not be: then the run is not complete. */
  readonly unread: number;
  /** All live webhooks were to be checked. */
  readonly refreshed: boolean;
  readonly unfinished: Unfinished;
  /** Why what was lost could not be looked for, or null. */
  readonly lookFailure: string | null;
  /** In how many milliseconds another run can settle or send more; null: there is nothing that time alone brings. */
  readonly comeBackInMs: number | null;
  /** What is known when it ended. */
  readonly state: State;
}

const NO_VIEWS: LiveViews = new Map();

/**
 * Reconciles once, in rounds: looks for what is uncertain, plans, applies; and again while that settles more.
 *
 * Throws ProductError when it ends before anything was changed: the manifest is wrong (`input`), a guard says no
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

/** A plan that was saved and approved is carried out as it was, or nothing is done. */
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

/** A run of the daemon is one round: it comes back for the next. */
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
  // Where nothing is uncertain, there is nothing to find out that would change it.
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
    // What was not ripe when this round looked may be settled by another look, once it is.
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
    // What the rounds so far found stands: to look again would be a new request.
    if (options.stop.aborted) return { changes, comeBackInMs: null };
  }
}

/** What a refresh saw is used until the change that it led to is made, and not after: it is not seen in it. */
function stillToMake(views: LiveViews, rows: readonly AppliedChange[], { entries }: State): LiveViews {
  const undone = rows.filter(({ result }) => result !== 'done');
  const ids = new Set(
    undone.map(({ change }) => {
      return change.action === 'create' ? change.goneId : (entries.get(change.name)?.id ?? null);
    }),
  );
  return new Map([...views].filter(([id]) => ids.has(id)));
}

/** `settled`: what is to be done, where that needs no look at what is uncertain. */
async function oneRound(
  { ports, options, desired, context }: Run,
  views: LiveViews,
  settled: Plan | null,
): Promise<{ readonly results: AppliedChange[]; readonly plan: Plan }> {
  const { journal, recovery } = context;
  for (const rename of renamesOfUncertain(desired, journal.state)) {
    journal.write({ type: 'renamed', ...rename, at: ports.now().toISOString() });
  }
  // Before anything is found that would take its place.
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

/** Entries that would be POSTed if nothing were uncertain. */
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

/** Something open was settled, or a create was answered while something is open: another round can do more. */
function madeHeadway(state: State, firstIntent: number, before: ReadonlySet<number>): boolean {
  if ([...before].some((number) => !state.intents.has(number))) return true;
  return [...state.entries.values()].some(({ answered }) => (answered?.intent ?? 0) >= firstIntent);
}

/** When something can be sent again; null: time alone brings nothing. */
function nextTryMs(state: State, { settleMs }: Settling, now: number): number | null {
  const ms = Math.max(msUntilRipe(state, settleMs, now), pauseMs(state, settleMs, now), msUntilMany(state, now));
  return ms > 0 ? ms : null;
}

/** What is to be done can't be told from the state alone. `isRead`: live webhooks are to be read. */
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

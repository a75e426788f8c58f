import type { Logger } from 'pino';
import type { CopernicaApi } from '../copernica/api.js';
import {
  type Findings,
  findLost,
  isLookedForWhole,
  lastLookAbove,
  rangeOutOfReach,
  rangesFor,
  type Settling,
  settledAt,
  upperBound,
} from '../plan/recovery.js';
import type { Intent } from '../state/state.js';
import type { OpenJournal } from './edges.js';
import { lookAt, type Sight } from './look.js';

/** Why an entry stays `uncertain` after looking. Only `absent` may be followed by another POST. */
export interface OpenReason {
  readonly kind: 'absent' | 'settling' | 'ambiguous' | 'unread';
  readonly message: string;
}

export interface RecoveryContext {
  readonly journal: OpenJournal;
  readonly api: CopernicaApi;
  readonly concurrency: number;
  readonly stop: AbortSignal;
  now(): Date;
  readonly settling: Settling;
  /** When this run began: an intent found absent before it gets its second look now. */
  readonly runStartedAt: Date;
  /** Entries that the manifest wants a new webhook for, so that absence is followed by another POST. */
  namesToPost(): ReadonlySet<string>;
  readonly log: Logger;
}

/**
 * Looks for the webhooks of all unconfirmed intents and records what that shows: adopted, absent, cancelled or possibly
 * duplicated. Sends only GETs. Returns why entries that stay `uncertain` do, by name.
 *
 * What it leaves open is settled by time (the next look), or by another POST, whose id is an upper bound (see apply).
 */
export async function recoverByLooking(context: RecoveryContext): Promise<ReadonlyMap<string, OpenReason>> {
  const { journal } = context;
  recordInterrupted(context);
  await journal.flush();
  for (;;) {
    const intents = [...journal.state.intents.values()].filter((intent) => !wasFoundAbsentInThisRun(intent, context));
    if (intents.length === 0) return new Map();
    const lookedAt = context.now().getTime();
    const toPost = context.namesToPost();
    const ranges = intents.flatMap((intent) => {
      const { settleMs, scanLimit } = context.settling;
      const isLast = !toPost.has(intent.name) && isSettledAt(intent, lookedAt, settleMs);
      return rangesFor(intent, journal.state, scanLimit, isLast);
    });
    const sight = await lookAt(ranges, context.api, context);
    const findings = findLost(intents, sight.webhooks, journal.state);
    // An adopted webhook is an upper bound for other intents of its entry: they are looked for once more, up to it.
    if (findings.adoptions.length === 0) return closeWhatCan(intents, sight, findings, lookedAt, context);
    shareSettling(intents, findings, context);
    for (const { intent, id } of findings.adoptions) {
      journal.write({ type: 'created', intent: intent.intent, id, at: context.now().toISOString() });
      context.log.info({ name: intent.name, id }, 'found the webhook of a POST that was never confirmed');
    }
    await journal.flush();
  }
}

/**
 * Of several POSTs of one entry, nobody can tell whose webhook was found. Those that are left are therefore given the
 * time of the latest to settle: it may be that one which the server still acts on.
 */
function shareSettling(intents: readonly Intent[], { adoptions }: Findings, { journal }: RecoveryContext): void {
  const adopted = new Set(adoptions.map(({ intent }) => intent.intent));
  for (const name of new Set(adoptions.map(({ intent }) => intent.name))) {
    const group = intents.filter((intent) => intent.name === name);
    const latest = group.map(({ gaveUp }) => gaveUp?.at ?? '').reduce((a, b) => (a > b ? a : b));
    for (const { intent, gaveUp, absentSince } of group) {
      if (adopted.has(intent) || gaveUp === undefined || absentSince !== undefined || gaveUp.at === latest) continue;
      journal.write({ type: 'unknown', intent, at: latest, reason: gaveUp.reason });
    }
  }
}

/** What looking showed, and when; and who waits for it. */
interface Looked {
  readonly sight: Sight;
  readonly findings: Findings;
  readonly lookedAt: number;
  readonly toPost: ReadonlySet<string>;
}

async function closeWhatCan(
  intents: readonly Intent[],
  sight: Sight,
  findings: Findings,
  lookedAt: number,
  context: RecoveryContext,
): Promise<ReadonlyMap<string, OpenReason>> {
  const open = new Map<string, OpenReason>();
  const toPost = context.namesToPost();
  for (const intent of intents) {
    const reason = stillOpen(intent, { sight, findings, lookedAt, toPost }, context);
    // Of several intents of one entry, the one that forbids another POST decides.
    if (reason !== null && (open.get(intent.name)?.kind ?? 'absent') === 'absent') open.set(intent.name, reason);
  }
  await context.journal.flush();
  return open;
}

/** An intent without an outcome is that of a process that died: it was given up on at the latest now. */
function recordInterrupted({ journal, now }: RecoveryContext): void {
  for (const intent of journal.state.intents.values()) {
    if (intent.gaveUp !== undefined) continue;
    const reason = 'the program ended before the answer came';
    journal.write({ type: 'unknown', intent: intent.intent, at: now().toISOString(), reason });
  }
}

function wasFoundAbsentInThisRun(intent: Intent, { runStartedAt }: RecoveryContext): boolean {
  return intent.absentSince !== undefined && Date.parse(intent.absentSince) >= runStartedAt.getTime();
}

function isSettledAt(intent: Intent, time: number, settleMs: number): boolean {
  const settled = settledAt(intent, settleMs);
  return settled !== null && time >= settled;
}

/** What may be it is kept for those who look at the state alone; what was found before is not written again. */
function noteSuspects(intent: Intent, ids: readonly number[], at: string, journal: OpenJournal): void {
  const before = intent.suspects?.ids ?? [];
  if (ids.length === before.length && ids.every((id, index) => id === before[index])) return;
  journal.write({ type: 'suspected', intent: intent.intent, ids, at });
}

/** What not adopting an intent's webhook means: why it stays open, or null when it is closed. */
function stillOpen(intent: Intent, looked: Looked, context: RecoveryContext): OpenReason | null {
  const { journal, settling } = context;
  const { sight, findings, lookedAt, toPost } = looked;
  const at = context.now().toISOString();
  const suspects = findings.ambiguous.get(intent.name);
  if (suspects !== undefined && intent.absentSince !== undefined) {
    // Its second look, and nothing more can come of it: what may be a double of its entry is said.
    if (journal.state.entries.has(intent.name)) {
      const range = { from: Math.min(...suspects), to: Math.max(...suspects) };
      journal.write({ type: 'possiblyDuplicated', name: intent.name, ...range, at });
    }
    journal.write({
      type: 'cancelled',
      intent: intent.intent,
      at,
      reason: 'not told apart from others at the second look',
    });
    return null;
  }
  if (sight.failure === null) noteSuspects(intent, suspects ?? [], at, journal);
  if (suspects !== undefined) {
    const message = `webhook ${suspects.join(' or ')} may be it, but nothing tells it from another's`;
    return { kind: 'ambiguous', message };
  }
  if (sight.failure !== null)
    return { kind: 'unread', message: `the account could not be looked at: ${sight.failure}` };
  if (intent.absentSince !== undefined) {
    journal.write({ type: 'cancelled', intent: intent.intent, at, reason: 'not found at the second look either' });
    return null;
  }
  if (!isSettledAt(intent, lookedAt, settling.settleMs)) {
    return { kind: 'settling', message: 'not found yet, but the server may still act on the POST' };
  }
  if (upperBound(intent, journal.state) === null) {
    if (toPost.has(intent.name)) return { kind: 'absent', message: 'not found where it should be' };
    if (!sight.complete && !isLookedForWhole(intent, journal.state, settling.scanLimit)) {
      return { kind: 'ambiguous', message: 'no webhook id was known before it, so nobody knows where to look for it' };
    }
    if (!sight.complete && intent.above !== null) {
      const { name, above } = intent;
      const range = lastLookAbove(above, settling.scanLimit);
      const hint = 'a lost webhook that is not wanted any more was not found among these ids; `discover` looks further';
      context.log.warn({ name, ...range }, hint);
    }
  } else {
    const range = rangeOutOfReach(intent, journal.state, settling.scanLimit);
    if (range !== null && !sight.complete) {
      journal.write({ type: 'possiblyDuplicated', name: intent.name, ...range, at });
    }
  }
  journal.write({ type: 'absent', intent: intent.intent, at });
  return null;
}

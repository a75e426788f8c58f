import { type FailureKind, type Problem, productError } from '../../src/errors.js';
import type { AppliedChange } from '../../src/plan/applied.js';
import { CHANGED_IN_ACCOUNT, type Change } from '../../src/plan/change.js';
import { applyRecord } from '../../src/state/fold.js';
import { startState } from '../../src/state/folded-state.js';
import type { StateRecord } from '../../src/state/records.js';
import type { StatusEvent } from '../../src/status/account-status.js';

const AT = '2026-01-01T00:00:00.000Z';

export type RunEnded = Extract<StatusEvent, { kind: 'run-ended' }>;

/** What became of an entry: `fine`, `drifted` (and put back; `unmended`: or not), or what went wrong. */
export type Fate =
  | 'fine'
  | 'drifted'
  | 'unmended'
  | 'failed'
  | 'refused'
  | 'uncertain'
  | 'skipped'
  | 'doubled'
  | 'orphaned';

/** What a run comes to in which these entries fared so. */
export function report(
  fates: Readonly<Record<string, Fate>>,
  { refreshed = true, lostAnswers = 0 }: { readonly refreshed?: boolean; readonly lostAnswers?: number } = {},
): RunEnded {
  const state = startState({ type: 'header', version: 1, account: '34', createdAt: AT });
  const names = Object.keys(fates);
  for (const [index, name] of names.entries()) {
    for (const record of recordsOf(name, index + 1, fates[name] === 'doubled')) applyRecord(state, record);
  }
  if (lostAnswers > 0) {
    const webhook = { handler: 'https://a.example/lost', trigger: 'create' } as const;
    applyRecord(state, { type: 'intent', intent: names.length + 1, name: 'lost', above: null, at: AT, webhook });
    applyRecord(state, { type: 'losses', count: lostAnswers, lastAt: AT, upTo: 0 });
  }
  const changes = names.map((name) => changeOf(name, fates[name] ?? 'fine'));
  return { kind: 'run-ended', view: { manifest: { entries: [] }, changes, state }, warnings: [], refreshed };
}

export function failedRun(failure: FailureKind, ...messages: string[]): StatusEvent {
  return { kind: 'run-failed', failure, problems: messages.map(problem) };
}

export function problem(message: string): Problem {
  return { code: 'api-refused', severity: 'error', message, remedy: `fix: ${message}` };
}

function recordsOf(name: string, intent: number, doubled: boolean): StateRecord[] {
  const webhook = { handler: 'https://a.example/x', trigger: 'create' } as const;
  const double = { type: 'possiblyDuplicated', name, ranges: [{ from: 1, to: 9 }], at: AT } as const;
  return [
    { type: 'intent', intent, name, above: null, at: AT, webhook },
    { type: 'created', intent, id: 100 + intent, at: AT },
    ...(doubled ? [double] : []),
  ];
}

function changeOf(name: string, fate: Fate): AppliedChange {
  const desired = {
    name,
    spec: { handler: 'https://a.example/x', trigger: 'create' },
    file: 'webhooks.yaml',
    line: 1,
    column: 1,
  } as const;
  const of = { name, desired, id: 1 };
  const drift: Change = { ...of, reason: CHANGED_IN_ACCOUNT, action: 'update', from: null, differences: [] };
  const orphaned: Change = { ...of, reason: '', action: 'orphaned', spec: desired.spec };
  const none: Change = { ...of, reason: '', action: 'none' };
  const change = fate === 'drifted' || fate === 'unmended' ? drift : fate === 'orphaned' ? orphaned : none;
  const isDone = fate === 'fine' || fate === 'drifted' || fate === 'doubled' || fate === 'orphaned';
  const result = isDone ? 'done' : fate === 'unmended' ? 'failed' : fate;
  const remedy = 'look at it';
  const error =
    result === 'done'
      ? null
      : productError('failed', { code: 'api-refused', message: `${name}: no, said the API`, remedy });
  return { change, result, id: 1, error };
}

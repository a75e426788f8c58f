import { createHash } from 'node:crypto';
import type { State } from '../state/state.js';
import { canonical, type FormerName, type ManifestEntry, webhookKey } from '../webhook.js';
import { type Change, isPending } from './change.js';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = string;

/**
 * A digest of what a run would do: two plans with the same digest do the same. It covers the state's account and
 * lineage (null before there is a state), and the ordered changes with what they start from and lead to, including
 * values of variables. It covers no times, so a run that changes nothing does not make a plan stale.
 */
export function planDigest(changes: readonly Change[], state: Pick<State, 'account' | 'lineage'> | null): Digest {
  const belongsTo = state === null ? null : [state.account, state.lineage];
  return digestOf([belongsTo, plannedChanges(changes).map(changeDigest)]);
}

/** The changes that a plan stands for. Settling uncertain creates is not part of it, nor are refused changes. */
export function plannedChanges(changes: readonly Change[]): Change[] {
  return changes.filter((change) => isPending(change) && change.action !== 'recover' && change.refused === undefined);
}

/** Covers what one change does. */
export function changeDigest(change: Change): Digest {
  const { action, name } = change;
  const id = 'id' in change ? change.id : null;
  const from = 'from' in change ? change.from : null;
  const goneId = 'goneId' in change ? change.goneId : null;
  const differences = 'differences' in change ? change.differences : [];
  const spec = 'desired' in change ? change.desired.spec : change.spec;
  return digestOf([action, name, id, from, goneId, differences, canonical(spec)]);
}

/** Covers what a manifest asks for, wherever it is kept and however its entries are ordered. */
export function manifestDigest({
  entries,
  removed,
}: {
  readonly entries: readonly ManifestEntry[];
  readonly removed: readonly FormerName[];
}): Digest {
  const wanted = entries.map(({ name, spec, was, protect = false }) => [name, was?.name, protect, webhookKey(spec)]);
  return digestOf([wanted.map(digestOf).sort(), removed.map(({ name }) => name).sort()]);
}

function digestOf(value: unknown): Digest {
  return `sha256:${createHash('sha256').update(JSON.stringify(value)).digest('hex')}`;
}

import type { CodeOf } from '../error-codes.js';
import type { Intent } from '../state/state.js';
import type { DesiredWebhook, Difference, HandlerAsWritten, ManifestPlace, WebhookSpec } from '../webhook.js';

/** Actions in the order in which summaries name them. */
export const ACTIONS = ['create', 'update', 'replace', 'move', 'delete', 'recover', 'none', 'orphaned'] as const;
export type Action = (typeof ACTIONS)[number];

/** Why one change is not carried out, while the rest of the run goes on. */
export interface Refusal {
  readonly code: CodeOf<'refused'>;
  /** What follows the entry's name: `not deleted, since …`. */
  readonly message: string;
  readonly remedy: string;
}

interface Common {
  readonly name: string;
  /** Why, in a few words. */
  readonly reason: string;
  /** Left out: it is carried out. */
  readonly refused?: Refusal;
}

interface Wanted extends Common {
  readonly desired: DesiredWebhook;
}

/** What is known of the webhook of an entry that the manifest does not have. */
interface Unwanted extends Common, HandlerAsWritten {
  readonly id: number;
  readonly spec: WebhookSpec;
}

/** What must happen to one entry. `from`: the name that its webhook has in the state, where that is another. */
export type Change =
  | (Wanted & {
      readonly action: 'create';
      /** The id that is gone from the account, when this is a create again. */
      readonly goneId: number | null;
    })
  | (Wanted & {
      readonly action: 'update' | 'replace';
      readonly id: number;
      readonly from: string | null;
      /** Handlers as they are shown: where only values of variables changed, the same before and after. */
      readonly differences: readonly Difference[];
    })
  | (Wanted & { readonly action: 'move'; readonly id: number; readonly from: string })
  | (Wanted & { readonly action: 'none'; readonly id: number })
  | (Wanted & {
      /** A create, or the create of a replace, that was sent and never confirmed. */
      readonly action: 'recover';
      readonly intents: readonly Intent[];
      /** The webhook that is to be replaced; null: there is none. */
      readonly replaces: number | null;
    })
  | (Unwanted & {
      readonly action: 'delete';
      /** `pending`: that it must go was decided, and recorded, before. */
      readonly cause: 'pruned' | 'removed' | 'pending';
      /** Where the manifest says that it is removed. */
      readonly place?: ManifestPlace;
    })
  | (Unwanted & {
      readonly action: 'orphaned';
      /** New entries of which one may be what it is: it is kept until somebody settles that. Left out: there are none. */
      readonly mayBe?: readonly string[];
    });

/** Changes in the order of the manifest, then what the manifest does not name, by name and id. */
export interface Plan {
  readonly changes: readonly Change[];
}

/** Where the manifest asks for a change; null: it says nothing of the entry. */
export function placeOf(change: Change): ManifestPlace | null {
  const place = 'desired' in change ? change.desired : 'place' in change ? change.place : undefined;
  if (place === undefined) return null;
  const { file, line, column } = place;
  return { file, line, column };
}

/** The id of the webhook that a change is about; null where there is none, or none that is known (see against.ts). */
export function idOf(change: Change): number | null {
  return 'id' in change && change.id > 0 ? change.id : null;
}

/** True when `apply` would have something to do, or somebody has something to settle. */
export function isPending(change: Pick<Change, 'action'>): boolean {
  return change.action !== 'none' && change.action !== 'orphaned';
}

/** In a difference: what the field is, nobody knows. */
export const UNKNOWN_VALUE = '?';

/** Why an entry is planned that somebody else changed. */
export const CHANGED_IN_ACCOUNT = 'changed in the account';

/** Why an entry is planned of which the file writes the same as before. */
export const VALUE_CHANGED = 'the value of a variable changed';

/** True for a handler that the file writes as before: only what its variables stand for is another. */
export function isValueChange({ field, from, to }: Difference): boolean {
  return field === 'handler' && from === to;
}

/** True for what mends a webhook that was found gone or changed in the account. */
export function isDrift(change: Change): boolean {
  if (change.action === 'create') return change.goneId !== null;
  return (change.action === 'update' || change.action === 'replace') && change.reason === CHANGED_IN_ACCOUNT;
}

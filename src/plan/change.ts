import type { CodeOf } from '../error-codes.js';
import type { Intent } from '../state/state.js';
import type { DesiredWebhook, Difference, HandlerAsWritten, ManifestPlace, WebhookSpec } from '../webhook.js';

/** Actions in the order in which summaries name them. */
export const ACTIONS = ['create', 'update', 'replace', 'move', 'delete', 'recover', 'none', 'orphaned'] as const;
export type Action = (typeof ACTIONS)[number];

/** Why one change is not carried out, although the rest of the run is. */
export interface Refusal {
  readonly code: CodeOf<'refused'>;
  /** Follows the entry's name: `not deleted, since …`. */
  readonly message: string;
  readonly remedy: string;
}

interface Common {
  readonly name: string;
  /** Why, in a few words. */
  readonly reason: string;
  /** Left out: the change is carried out. */
  readonly refused?: Refusal;
}

interface Wanted extends Common {
  readonly desired: DesiredWebhook;
}

/** What is known of the webhook of an entry that is not in the manifest. */
interface Unwanted extends Common, HandlerAsWritten {
  readonly id: number;
  readonly spec: WebhookSpec;
}

/** What must happen to one entry. `from`: the name that its webhook has in the state, if it is another one. */
export type Change =
  | (Wanted & {
      readonly action: 'create';
      /** Set if this creates a webhook again: the id that is gone from the account. */
      readonly goneId: number | null;
    })
  | (Wanted & {
      readonly action: 'update' | 'replace';
      readonly id: number;
      readonly from: string | null;
      /** With handlers as they are shown: if only values of variables changed, both sides are the same. */
      readonly differences: readonly Difference[];
    })
  | (Wanted & { readonly action: 'move'; readonly id: number; readonly from: string })
  | (Wanted & { readonly action: 'none'; readonly id: number })
  | (Wanted & {
      /** A create, or the create of a replace, that was sent and never confirmed. */
      readonly action: 'recover';
      readonly intents: readonly Intent[];
      /** The webhook to be replaced. Null: there is none. */
      readonly replaces: number | null;
    })
  | (Unwanted & {
      readonly action: 'delete';
      /** `pending`: the deletion was decided and recorded earlier. */
      readonly cause: 'pruned' | 'removed' | 'pending';
      /** Where the manifest lists it as removed. */
      readonly place?: ManifestPlace;
    })
  | (Unwanted & {
      readonly action: 'orphaned';
      /** New entries, one of which this webhook may belong to: it is kept until a person settles that. */
      readonly mayBe?: readonly string[];
    });

/** Changes in the order of the manifest, then those of webhooks that it does not name, by name and id. */
export interface Plan {
  readonly changes: readonly Change[];
}

/** Where the manifest asks for the change. Null: it does not mention the entry. */
export function placeOf(change: Change): ManifestPlace | null {
  const place = 'desired' in change ? change.desired : 'place' in change ? change.place : undefined;
  if (place === undefined) return null;
  const { file, line, column } = place;
  return { file, line, column };
}

/** The id of the webhook that a change is about. Null: there is none, or only a stand-in (see against.ts). */
export function idOf(change: Change): number | null {
  return 'id' in change && change.id > 0 ? change.id : null;
}

/** True if `apply` has something to do, or a person has something to settle. */
export function isPending(change: Pick<Change, 'action'>): boolean {
  return change.action !== 'none' && change.action !== 'orphaned';
}

/** In a difference: nobody knows the field's value. */
export const UNKNOWN_VALUE = '?';

/** The reason for changing an entry that somebody else changed. */
export const CHANGED_IN_ACCOUNT = 'changed in the account';

/** The reason for changing an entry of which the text in the file is the same as before. */
export const VALUE_CHANGED = 'the value of a variable changed';

/** True if the file writes the handler as before, and only values of its variables changed. */
export function isValueChange({ field, from, to }: Difference): boolean {
  return field === 'handler' && from === to;
}

/** True for a change that fixes a webhook which was found gone or changed in the account. */
export function isDrift(change: Change): boolean {
  if (change.action === 'create') return change.goneId !== null;
  return (change.action === 'update' || change.action === 'replace') && change.reason === CHANGED_IN_ACCOUNT;
}

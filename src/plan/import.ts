import type { LiveWebhook } from '../copernica/api.js';
import { type IdRange, type Intent, isOpen, type State } from '../state/state.js';
import type { WebhookSpec } from '../webhook.js';
import { looksLike } from './recovery.js';

/** What an import of a webhook for a name comes to. */
export type ImportVerdict =
  /** The webhook is the entry's from now on. `former`: the one it had, which is then to be deleted, or null. */
  | { readonly kind: 'take-over'; readonly former: number | null; readonly spec: WebhookSpec | null }
  /** The entry keeps its webhook: nothing is in doubt about it any more. */
  | { readonly kind: 'settle'; readonly cancels: readonly Intent[]; readonly marked: boolean }
  | ImportRefusal;

export interface ImportRefusal {
  readonly kind: 'refuse';
  readonly message: string;
  readonly remedy: string;
}

/** The part that needs no look at the account: null where it depends on the webhook. */
export function refusedUnread(state: State, name: string, id: number): ImportRefusal | null {
  const owner = state.owners.get(id);
  if (owner !== undefined && (owner !== name || state.doomed.has(id))) {
    const remedy = state.doomed.has(id) ? 'the next run deletes it' : `"forget ${owner}" lets go of it first`;
    return { kind: 'refuse', message: `webhook ${id} belongs to ${owner} already`, remedy };
  }
  const entry = state.entries.get(name);
  if (entry === undefined || isInDoubt(state, name)) return null;
  return owner === name
    ? { kind: 'refuse', message: `webhook ${id} belongs to ${name} already`, remedy: 'there is nothing to import' }
    : {
        kind: 'refuse',
        message: `${name} is webhook ${entry.id} already`,
        remedy: `"forget ${name}" lets go of it first`,
      };
}

function isInDoubt(state: State, name: string): boolean {
  return state.entries.get(name)?.possiblyDuplicated !== undefined || openIntents(state, name).length > 0;
}

function openIntents(state: State, name: string): Intent[] {
  return [...state.intents.values()].filter((intent) => intent.name === name && isOpen(intent));
}

/**
 * What importing `webhook` for `name` comes to.
 *
 *     entry    in doubt                 webhook                             then
 *     -------  -----------------------  ----------------------------------  -------------------------------------------
 *     any      -                        another name's, or to be deleted    refuse
 *     none     any                      nobody's                            take over
 *     has one  no                       any                                 refuse
 *     has one  may exist twice          its own                             settle: the mark is cleared
 *     has one  may exist twice          in the range, looks like its own    take over; its own is to be deleted
 *     has one  a POST to replace it     its own                             settle: the POST made nothing
 *     has one  a POST to replace it     above the bound, looks as sent      take over; its own is to be deleted
 *     has one  either                   any other                           refuse
 *
 * What is to be deleted is always the webhook that the state has as ours, never the one that was pointed at.
 */
export function judgeImport(state: State, name: string, webhook: LiveWebhook): ImportVerdict {
  const { id } = webhook;
  const refused = refusedUnread(state, name, id);
  if (refused !== null) return refused;
  const entry = state.entries.get(name);
  if (entry === undefined) return { kind: 'take-over', former: null, spec: null };
  const open = openIntents(state, name);
  const range = entry.possiblyDuplicated;
  if (entry.id === id) return { kind: 'settle', cancels: open, marked: range !== undefined };
  if (range !== undefined && contains(range, id) && looksLike(webhook, entry.spec)) {
    return { kind: 'take-over', former: entry.id, spec: entry.spec };
  }
  const sent = open.find(({ spec, above }) => (above === null || id > above) && looksLike(webhook, spec));
  if (sent !== undefined) return { kind: 'take-over', former: entry.id, spec: sent.spec };
  return {
    kind: 'refuse',
    message: `webhook ${id} is not what was lost of ${name}, which is webhook ${entry.id}: ${expected(range)}`,
    remedy: `check the id: a double shows the same handler, trigger and callers; "import ${name} ${entry.id}" says that there is none`,
  };
}

function expected(range: IdRange | undefined): string {
  return range === undefined
    ? 'it is older, or not as it was sent'
    : `it is not among the ids ${range.from} to ${range.to}, or not like it`;
}

function contains({ from, to }: IdRange, id: number): boolean {
  return id >= from && id <= to;
}

import type { Problem } from '../errors.js';
import type { State } from '../state/state.js';
import { quote } from '../text/printable.js';
import type { FormerName, ManifestEntry } from '../webhook.js';

/**
 * Notices about names in the manifest that the state does not have, or no longer has: such lines do nothing, and may
 * stay. `state` is the state before the run.
 *
 *     says     state has of that name               of the entry's own   notice
 *     -------  -----------------------------------  -------------------  ---------------------------------
 *     was      a webhook, or an uncertain create    none                 -
 *     was      a webhook                            a webhook            it keeps its own
 *     was      nothing                              any                  there is no such webhook
 *     removed  anything                                                  -
 *     removed  nothing                                                   there is no such webhook
 */
export function formerNameNotices(
  { entries, removed }: { readonly entries: readonly ManifestEntry[]; readonly removed: readonly FormerName[] },
  state: State | null,
): Problem[] {
  const uncertain = new Set([...(state?.intents.values() ?? [])].map(({ name }) => name));
  const leaving = new Set([...(state?.pendingDeletes.values() ?? [])].map(({ name }) => name));
  const has = (name: string) => state?.entries.has(name) === true || uncertain.has(name);
  const taken = entries.flatMap(({ name, was }) => {
    if (was === undefined) return [];
    if (!has(was.name)) return notice('was-unknown', was, name, `no webhook is called ${quote(was.name)} any more`);
    if (state?.entries.has(name) !== true) return [];
    const message = `${name} has a webhook of its own, so it does not take over that of ${quote(was.name)}`;
    return notice('was-unknown', was, name, message);
  });
  const gone = removed
    .filter(({ name }) => !has(name) && !leaving.has(name))
    .flatMap((former) => {
      return notice('removed-unknown', former, former.name, `no webhook is called ${quote(former.name)} any more`);
    });
  return [...taken, ...gone];
}

function notice(
  code: 'was-unknown' | 'removed-unknown',
  { file, line, column }: FormerName,
  name: string,
  message: string,
): Problem[] {
  return [{ code, severity: 'notice', message, name, file, line, column, remedy: 'the line can be removed, or stay' }];
}

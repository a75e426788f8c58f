import type { Host } from '../host.js';
import type { Settings } from '../settings/definitions.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { ManifestEntry } from '../webhook.js';
import { because, type Check, checkOf, skipped } from './check.js';
import { CHECKS, type CheckId } from './checks.js';
import { judgeSchedule, judgeWatching } from './daemon.js';
import { examineApiAndAccount } from './examine-api.js';
import { examineManifest, examineSettings } from './examine-settings.js';
import type { Shared } from './examine-shared.js';
import { examineState } from './examine-state.js';
import { gatherSchedule, gatherWatching } from './gather-daemon.js';
import { judgeHandler } from './handlers.js';

/** Checks one account, in the order of CHECKS. What can't be checked because of something before is told as skipped. */
export async function examineAccount(host: Host, account: AccountSettings, shared: Shared): Promise<readonly Check[]> {
  const { settings } = account;
  const manifest = await examineManifest(host, settings.file);
  const ways = await examineSettings(host, account, shared, manifest.variables);
  // Before anything that waits for the network, which can take all threads that files are read by.
  const { checks: ofState, state } = await examineState(host, settings);
  const [ofApi, ofDaemon, ofHandlers] = await Promise.all([
    examineApiAndAccount(settings, ways, state, shared),
    examineDaemon(settings, shared),
    examineHandlers(manifest.entries, shared),
  ]);
  return [...ways.checks, ...manifest.checks, ...ofState, ...ofApi, ...ofDaemon, ...ofHandlers];
}

async function examineDaemon(settings: Settings, { listen }: Shared): Promise<Check[]> {
  return [
    checkOf('schedule', judgeSchedule(gatherSchedule(settings))),
    checkOf('file-watching', judgeWatching(await gatherWatching(settings))),
    checkOf('status-address', listen),
  ];
}

async function examineHandlers(
  entries: readonly ManifestEntry[] | null,
  { probeHandlers, proxy, now }: Shared,
): Promise<Check[]> {
  if (probeHandlers === null) return [checkOf('handler', skipped('not checked: --no-handlers leaves them out'))];
  if (entries === null) return [checkOf('handler', because('manifest'))];
  const probed = await probeHandlers(entries.map(({ spec }) => spec.handler));
  const behindProxy = (proxy.httpsProxy ?? proxy.httpProxy) !== undefined;
  return probed.map(({ handler, reach }) =>
    checkOf('handler', judgeHandler(handler, reach, { behindProxy, now: now() }), handler.subject),
  );
}

/** Not told where there is nothing of the kind. */
const OPTIONAL: ReadonlySet<CheckId> = new Set(['ca-file', 'proxy', 'tls-verification', 'auth-reach', 'token-trade']);

/** Everything after the settings, which can't be checked without them. */
export function nothingElse(): Check[] {
  const ids = (Object.keys(CHECKS) as CheckId[]).filter((id) => id !== 'settings' && !OPTIONAL.has(id));
  return ids.map((id) => checkOf(id, because('settings')));
}

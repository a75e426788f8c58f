import { isMountedFile } from '../daemon/mounts.js';
import type { Host } from '../host.js';
import { readManifest } from '../manifest/load.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { ManifestEntry } from '../webhook.js';
import { type Check, checkOf, holds, type Verdict } from './check.js';
import type { Shared } from './examine-shared.js';
import { NO_ACCOUNT_NEEDED } from './examine-state.js';
import { gatherCaFile, gatherProxy, gatherToken } from './gather-settings.js';
import { judgeManifest, judgeManifestMount } from './manifest.js';
import {
  judgeCaFile,
  judgeEnvironment,
  judgeProxy,
  judgeSettings,
  judgeTlsVerification,
  judgeToken,
} from './settings.js';

export interface Ways {
  readonly checks: readonly Check[];
  /** Null: there is none that can be used. */
  readonly token: string | null;
  readonly ca: string | undefined;
  /** The check that keeps the API from being called, if any. */
  readonly blockedBy: 'ca-file' | 'proxy' | null;
}

/** Settings, and what they lead to: certificates, proxy, token. `used`: variables that the manifest refers to. */
export async function examineSettings(
  host: Host,
  { settings, token: source }: AccountSettings,
  shared: Shared,
  used: readonly string[],
): Promise<Ways> {
  const { environment, secrets } = host;
  const caFile = settings.caFile === undefined ? null : await gatherCaFile(settings.caFile);
  const proxy = gatherProxy(settings.apiUrl, shared.proxy);
  const { facts, token } = settings.sandbox ? { facts: null, token: null } : await gatherToken(environment, source);
  if (token !== null) secrets.learnValue(token);
  const caVerdict = caFile === null ? null : judgeCaFile(caFile.facts, host.now());
  const proxyVerdict = proxy === null ? null : judgeProxy(proxy.facts);
  const names = Object.keys(environment).filter((name) => environment[name] !== undefined);
  return {
    checks: [
      checkOf('settings', judgeSettings({ ok: true, file: shared.settingsFile })),
      checkOf('environment', judgeEnvironment({ names, used: [...used, ...tokenVariables(shared.accounts)] })),
      ...(caVerdict === null ? [] : [checkOf('ca-file', caVerdict)]),
      ...(proxyVerdict === null ? [] : [checkOf('proxy', proxyVerdict)]),
      ...(environment.NODE_TLS_REJECT_UNAUTHORIZED === '0'
        ? [checkOf('tls-verification', judgeTlsVerification())]
        : []),
      checkOf('token', facts === null ? NO_ACCOUNT_NEEDED : judgeToken(facts)),
    ],
    token,
    ca: caFile?.ca,
    blockedBy: isBad(caVerdict) ? 'ca-file' : isBad(proxyVerdict) ? 'proxy' : null,
  };
}

function isBad(verdict: Verdict | null): boolean {
  return verdict !== null && !holds(verdict);
}

function tokenVariables(accounts: readonly AccountSettings[]): string[] {
  return accounts.flatMap(({ token }) => (token !== null && 'variable' in token ? [token.variable] : []));
}

export interface ExaminedManifest {
  readonly checks: readonly Check[];
  /** Null: it can't be used. */
  readonly entries: readonly ManifestEntry[] | null;
  readonly variables: readonly string[];
}

export async function examineManifest(host: Host, file: string): Promise<ExaminedManifest> {
  const { result } = readManifest(file, host.environment, host.secrets);
  const facts = result.ok
    ? { ok: true as const, file, webhooks: result.entries.length, warnings: result.warnings.length }
    : { ok: false as const, file, problems: result.problems };
  return {
    checks: [
      checkOf('manifest', judgeManifest(facts)),
      checkOf('manifest-mount', judgeManifestMount({ isMount: await isMountedFile(file) })),
    ],
    entries: result.ok ? result.entries : null,
    variables: result.ok ? result.environmentUsed : [],
  };
}

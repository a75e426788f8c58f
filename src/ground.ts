import type { Host } from './host.js';
import { credentialValues, isCredentialName } from './manifest/credentials.js';
import type { AccountSettings } from './settings/resolve.js';
import type { Ground, ManifestSource } from './state/clean.js';

/**
 * What a run of this account stands on, beside the state. Null: it is not for a mark to say, since the sandbox has a
 * state of its own, or since a variable holds a credential, which the manifest's reader refuses.
 */
export function groundOf(
  host: Pick<Host, 'build' | 'environment'>,
  { name, settings, token: tokenSource }: AccountSettings,
  token: string | null,
  manifest: ManifestSource,
): Ground | null {
  const secrets = manifest.variables.length === 0 ? [] : credentialValues(host.environment);
  const variables: Record<string, string | null> = {};
  for (const variable of manifest.variables) {
    const value = Object.hasOwn(host.environment, variable) ? (host.environment[variable] ?? null) : null;
    if (isCredentialName(variable) || secrets.some((secret) => value?.includes(secret) === true)) return null;
    variables[variable] = value;
  }
  if (settings.sandbox) return null;
  const { file, state, apiUrl, apiVersion, authUrl, caFile = null, prune } = settings;
  const fixed = [host.build, name, tokenSource, file, state, apiUrl, apiVersion, authUrl, caFile, prune];
  return { fixed, manifest: manifest.sha256, variables, token };
}

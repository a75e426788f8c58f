import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { type ProxySettings, proxyFor } from '../copernica/proxy.js';
import { ProductError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { DEFAULT_SETTINGS_FILE, loadCertificates, loadToken, loadTokenIfThere } from '../settings/load.js';
import type { TokenSource } from '../settings/resolve.js';
import { type CaFileFacts, type ProxyFacts, type TokenFacts, tokenOrigin } from './settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings file that is read; null: none. */
export function settingsFileRead(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return statSync(DEFAULT_SETTINGS_FILE, { throwIfNoEntry: false })?.isFile() === true ? DEFAULT_SETTINGS_FILE : null;
}

/** The token itself is for the gatherers that need it. */
export async function gatherToken(
  environment: Environment,
  source: TokenSource | null,
): Promise<{ readonly facts: TokenFacts; readonly token: string | null }> {
  const from = tokenOrigin(source, environment);
  try {
    const token = await loadToken(environment, source);
    const raw = loadTokenIfThere(environment, source);
    // Editors end a file with a line end: that is what a file looks like.
    const padded = from.startsWith('token file ') ? raw.replace(/\r?\n$/, '') !== token : raw !== token;
    return { facts: { from, ok: true, padded }, token };
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    return { facts: { from, ok: false, failure: error.kind, problems: error.problems }, token: null };
  }
}

export async function gatherCaFile(
  file: string,
): Promise<{ readonly facts: CaFileFacts; readonly ca: string | undefined }> {
  try {
    const ca = await loadCertificates(file);
    const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g) ?? [];
    return { facts: { ok: true, file, ends: blocks.map(endOf) }, ca };
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    return { facts: { ok: false, failure: error.kind, problems: error.problems }, ca: undefined };
  }
}

function endOf(pem: string): number | null {
  try {
    const end = Date.parse(new X509Certificate(pem).validTo);
    return Number.isNaN(end) ? null : end;
  } catch {
    return null;
  }
}

/** Null where no proxy is set at all. */
export function gatherProxy(
  apiUrl: string,
  settings: ProxySettings,
): { readonly facts: ProxyFacts; readonly proxy: URL | null } | null {
  if ((settings.httpProxy ?? settings.httpsProxy) === undefined) return null;
  try {
    const { origin, hostname } = new URL(apiUrl);
    const proxy = proxyFor(origin, settings);
    if (proxy !== null) return { facts: { ok: true, proxy: proxy.host }, proxy };
    return { facts: { ok: true, proxy, because: isLoopback(hostname) ? 'loopback' : 'no-proxy' }, proxy };
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    return { facts: { ok: false, failure: error.kind, problems: error.problems }, proxy: null };
  }
}

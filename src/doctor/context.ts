import { type ApiAnswers, askApi, type Contact, contactHost } from '../copernica/diagnose.js';
import type { ProxySettings } from '../copernica/proxy.js';
import type { Host } from '../host.js';
import { ManifestLoader } from '../manifest/load.js';
import type { ParsedManifest } from '../manifest/parse.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Settings } from '../settings/schema.js';
import { loadToken } from '../settings/secrets.js';
import { loadCertificates } from '../settings/small-file.js';
import type { State } from '../state/state.js';
import { stateStore } from '../state-store.js';
import type { HandlerContacts } from './handshake.js';

/** What is the same for all accounts. */
export interface Shared {
  /** Null: there is none. */
  readonly settingsFile: string | null;
  readonly accounts: readonly AccountSettings[];
  readonly proxy: ProxySettings;
  /** Null: handlers are left out. */
  readonly contactHandlers: HandlerContacts | null;
}

/** What the checks of one account work with. Everything that is read or asked is read or asked once. */
export interface Context extends Shared {
  readonly host: Host;
  readonly account: AccountSettings;
  readonly settings: Settings;
  manifest(): ParsedManifest;
  /** These throw ProductError. */
  token(): Promise<string>;
  /** PEM text of --ca-file; undefined: there is none. */
  certificates(): Promise<string | undefined>;
  /** Read as `list` does, without lock or repair. Null: nothing was recorded yet. */
  state(): Promise<State | null>;
  apiContact(): Promise<Contact>;
  authContact(): Promise<Contact>;
  /** Asks with the token. */
  api(): Promise<ApiAnswers>;
}

/** One connection takes less, or something is wrong with it; a shorter --timeout holds here, too. */
export const CONTACT_WITHIN_MS = 10_000;

export function contextOf(host: Host, account: AccountSettings, shared: Shared): Context {
  const { settings } = account;
  const { environment, secrets } = host;
  const userAgent = `copernica-webhooks/${host.version}`;
  const timeoutMs = Math.min(CONTACT_WITHIN_MS, settings.timeoutMs);
  const certificates = once(async () => {
    return settings.caFile === undefined ? undefined : loadCertificates(settings.caFile);
  });
  const token = once(async () => {
    const loaded = await loadToken(environment, account.token);
    secrets.learnValue(loaded);
    return loaded;
  });
  const way = async () => {
    const ca = await certificates();
    return { proxy: shared.proxy, userAgent, timeoutMs, ca };
  };
  return {
    ...shared,
    host,
    account,
    settings,
    manifest: once(() => new ManifestLoader(settings.file, environment, secrets).read()),
    token,
    certificates,
    state: once(() => stateStore(settings.state).read()),
    apiContact: once(async () => contactHost(settings.apiUrl, await way())),
    authContact: once(async () => contactHost(settings.authUrl, await way())),
    api: once(async () => {
      const { apiUrl, authUrl, apiVersion } = settings;
      const version = apiVersion === '4' ? 4 : 3;
      const more = { timeoutMs: settings.timeoutMs, concurrency: 1, token: await token() };
      return askApi({ apiUrl, authUrl, version, ...(await way()), ...more });
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

import type { Identity, Outcome } from '../copernica/api.js';
import { createCopernicaClient } from '../copernica/client.js';
import { type DeliveryErrors, readDeliveryErrors } from '../copernica/deliveries.js';
import { type Contact, contactHost } from '../copernica/diagnose.js';
import type { ProxySettings } from '../copernica/proxy.js';
import type { RequestsOptions } from '../copernica/requests.js';
import type { Host } from '../host.js';
import { ManifestLoader } from '../manifest/load.js';
import type { ParsedManifest } from '../manifest/parse.js';
import { identityIn } from '../reconcile/account.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Settings } from '../settings/schema.js';
import { loadToken } from '../settings/secrets.js';
import { loadCertificates } from '../settings/small-file.js';
import type { Diagnosis } from '../state/postgres/diagnose.js';
import type { State } from '../state/state.js';
import { diagnoseState, stateStore } from '../state-store.js';
import type { HandlerContacts } from './handshake.js';

/** The same for all accounts. */
export interface Shared {
  /** Null: there is none. */
  readonly settingsFile: string | null;
  readonly accounts: readonly AccountSettings[];
  readonly proxy: ProxySettings;
  /** Null: handlers are not checked. */
  readonly contactHandlers: HandlerContacts | null;
}

/** What the checks of one account use. Everything is read or asked only once; if that fails, it throws ProductError. */
export interface Context extends Shared {
  readonly host: Host;
  readonly account: AccountSettings;
  readonly settings: Settings;
  manifest(): Promise<ParsedManifest>;
  token(): Promise<string>;
  /** PEM text of --ca-file; undefined: there is none. */
  certificates(): Promise<string | undefined>;
  /** Read as by `list`, without lock or repair. Null: nothing was recorded yet. */
  state(): Promise<State | null>;
  /** What the server of the state's database reports. Null: the state is in a file. */
  database(): Promise<Diagnosis | null>;
  /** With the API's host, without the token. */
  contact(): Promise<Contact>;
  /** The token's account. */
  identity(): Promise<Identity>;
  /** Of a day, `YYYY-MM-DD`. */
  deliveryErrors(date: string): Promise<Outcome<DeliveryErrors>>;
}

/** A working connection takes less time. A shorter --timeout applies here, too. */
export const CONTACT_WITHIN_MS = 10_000;

export function contextOf(host: Host, account: AccountSettings, shared: Shared): Context {
  const { settings } = account;
  const { environment, secrets } = host;
  const certificates = once(async () => {
    return settings.caFile === undefined ? undefined : loadCertificates(settings.caFile);
  });
  const token = once(async () => {
    const loaded = await loadToken(environment, account.token);
    secrets.learnValue(loaded);
    return loaded;
  });
  const connection = async () => {
    const ca = await certificates();
    return { proxy: shared.proxy, userAgent: `copernica-webhooks/${host.version}`, ca };
  };
  const target = async (): Promise<RequestsOptions> => {
    const { apiUrl, authUrl, apiVersion, timeoutMs } = settings;
    const version = apiVersion === '4' ? 4 : 3;
    return { apiUrl, authUrl, version, timeoutMs, concurrency: 1, token: await token(), ...(await connection()) };
  };
  return {
    ...shared,
    host,
    account,
    settings,
    manifest: once(async () => new ManifestLoader(settings.file, environment, secrets).read()),
    token,
    certificates,
    state: once(async () => (await stateStore(host, account)).read()),
    database: once(() => diagnoseState(host, account)),
    contact: once(async () => {
      const timeoutMs = Math.min(CONTACT_WITHIN_MS, settings.timeoutMs);
      return contactHost(settings.apiUrl, { ...(await connection()), timeoutMs });
    }),
    deliveryErrors: async (date) => readDeliveryErrors(await target(), date),
    identity: once(async () => {
      const api = createCopernicaClient(await target());
      try {
        return identityIn(await api.identity());
      } finally {
        await api.close();
      }
    }),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

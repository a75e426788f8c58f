import { examineApi } from '../copernica/examine.js';
import { type ProxySettings, proxyFor } from '../copernica/proxy.js';
import type { Settings } from '../settings/definitions.js';
import type { ApiFacts } from './api.js';
import { type ProbeTarget, probeHost } from './probe.js';
import type { Reach } from './reach.js';

/** How this machine gets to Copernica. */
export interface Way {
  readonly proxy: ProxySettings;
  /** PEM text of further certificate authorities. */
  readonly ca: string | undefined;
  /** For a connection, in milliseconds. */
  readonly timeoutMs: number;
}

export interface ProbedOrigin {
  readonly target: ProbeTarget;
  readonly reach: Reach;
}

/** Probes the host of the API, or of the authentication, the way that requests go. */
export async function gatherReach(url: string, { proxy, ca, timeoutMs }: Way): Promise<ProbedOrigin> {
  const { origin, hostname, port, protocol } = new URL(url);
  const tls = protocol === 'https:';
  const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (tls ? 443 : 80)), tls };
  const options = { timeoutMs, proxy: proxyFor(origin, proxy), ...(ca === undefined ? {} : { ca }) };
  return { target, reach: await probeHost(target, options) };
}

/** Asks the API whose token it is: reads alone. */
export async function gatherApi(
  settings: Pick<Settings, 'apiUrl' | 'authUrl' | 'apiVersion' | 'timeoutMs'>,
  token: string,
  { proxy, ca }: Way,
  userAgent: string,
): Promise<ApiFacts> {
  const { apiUrl, authUrl, apiVersion, timeoutMs } = settings;
  return examineApi({
    apiUrl,
    authUrl,
    version: apiVersion === '4' ? 4 : 3,
    token,
    concurrency: 1,
    timeoutMs,
    userAgent,
    proxy,
    ca,
  });
}

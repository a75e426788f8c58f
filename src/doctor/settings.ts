import { X509Certificate } from 'node:crypto';
import { proxyFor } from '../copernica/proxy.js';
import { verdictOn } from '../manifest/parse.js';
import { TOKEN_FILE_VARIABLE, TOKEN_VARIABLE } from '../settings/resolve.js';
import { SETTINGS } from '../settings/schema.js';
import { nearest } from '../text/suggest.js';
import { counted } from '../text/words.js';
import { type Finding, type Found, ok, problem, problemOf, warning } from './check.js';
import type { Context } from './context.js';

export function checkSettings({ settingsFile }: Context): Finding {
  return ok(settingsFile === null ? 'flags, environment and defaults; no settings file' : `${settingsFile} is read`);
}

const OWN_PREFIX = 'COPERNICA_';

/**
 * Variables that look like a setting but are none. Nothing else would report them, since they are not read. Only those
 * that are close to one: Kubernetes makes COPERNICA_WEBHOOKS_PORT and the like for a Service of that name.
 */
export function checkEnvironment({ host: { environment }, accounts }: Context): Finding {
  const known = [...Object.values(SETTINGS).map((it) => it.environment), TOKEN_VARIABLE, TOKEN_FILE_VARIABLE];
  const used = accounts.flatMap(({ token }) => token.variable ?? []);
  const slips = Object.keys(environment).flatMap((name) => {
    const isOurs = environment[name] !== undefined && name.startsWith(OWN_PREFIX);
    const near = isOurs && !known.includes(name) && !used.includes(name) ? nearest(name, known) : undefined;
    return near === undefined ? [] : [{ name, near }];
  });
  if (slips.length === 0) return ok('no variable that looks like a setting and is none');
  const names = slips.map(({ name }) => name).join(', ');
  return warning(
    `${names} ${slips.length === 1 ? 'is no setting' : 'are no settings'} and not read`,
    `did you mean ${slips.map(({ near }) => near).join(', ')}?`,
  );
}

/** Node uses what it can read of the file, and silently ignores the rest. */
export async function checkCaFile({ settings: { caFile }, certificates }: Context): Promise<Found> {
  if (caFile === undefined) return [];
  const blocks = ((await certificates()) ?? '').match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g);
  const count = `${caFile}: ${counted(blocks?.length ?? 0, 'certificate')}`;
  if (blocks?.every(isCertificate)) return ok(count);
  return problem(`${count}, not all of which can be read`, 'save it again, as PEM, whole', 'input');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).validTo !== '';
  } catch {
    return false;
  }
}

export function hasProxy({ proxy }: Context): boolean {
  return (proxy.httpProxy ?? proxy.httpsProxy) !== undefined;
}

export function checkProxy(context: Context): Found {
  if (!hasProxy(context)) return [];
  const used = proxyFor(new URL(context.settings.apiUrl).origin, context.proxy);
  if (used !== null) return ok(`the API is called through ${used.host}`);
  return ok('there is one, and the API is called without it: by NO_PROXY, or since its address is a loopback one');
}

export async function checkToken({ account, token }: Context): Promise<Finding> {
  await token();
  const { file, variable = TOKEN_VARIABLE } = account.token;
  return ok(file === undefined ? `from ${variable}` : `from token file ${file}`);
}

const SHOW_LINES = '`copernica-webhooks validate` shows them with their lines';

export async function checkManifest({ settings: { file }, manifest }: Context): Promise<Finding> {
  const parsed = await manifest();
  if (!parsed.ok) {
    const errors = parsed.problems.filter(({ severity }) => severity === 'error');
    const finding = problemOf('input', errors, `correct each: ${SHOW_LINES}`);
    return errors.length < 2 ? finding : { ...finding, message: `${file} has ${errors.length} errors` };
  }
  const verdict = `${file}: ${verdictOn(parsed)}`;
  return parsed.warnings.length === 0 ? ok(verdict) : warning(verdict, SHOW_LINES);
}

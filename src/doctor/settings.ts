import { X509Certificate } from 'node:crypto';
import { proxyFor } from '../copernica/proxy.js';
import { mountedFileOf } from '../daemon/mounts.js';
import { isLoopback } from '../loopback.js';
import { TOKEN_FILE_VARIABLE, TOKEN_VARIABLE } from '../settings/resolve.js';
import { SETTINGS } from '../settings/schema.js';
import { readToken } from '../settings/secrets.js';
import { nearest } from '../text/suggest.js';
import { counted, type Finding, type Found, ok, problem, problemOf, warning } from './check.js';
import type { Context } from './context.js';
import { expiresSoon } from './handshake-text.js';

export function checkSettings({ settingsFile }: Context): Finding {
  return ok(settingsFile === null ? 'flags, environment and defaults; no settings file' : `${settingsFile} is read`);
}

const OWN_PREFIX = 'COPERNICA_';

/**
 * Variables that look like a setting and are none: nobody else would tell, since they are not read. Only those that
 * are close to one: Kubernetes makes COPERNICA_WEBHOOKS_PORT and its like for a Service of that name.
 */
export function checkEnvironment({ host, accounts }: Context): Finding {
  const { environment } = host;
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

export async function checkCaFile({ settings, certificates, host }: Context): Promise<Found> {
  if (settings.caFile === undefined) return [];
  const blocks = ((await certificates()) ?? '').match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g);
  return caFileFinding(settings.caFile, (blocks ?? []).map(endOf), host.now());
}

/** `ends`: of each certificate, in milliseconds since 1970; null: it can't be read. */
export function caFileFinding(file: string, ends: readonly (number | null)[], now: Date): Finding {
  const count = `${file}: ${counted(ends.length, 'certificate')}`;
  if (ends.length === 0 || ends.includes(null)) {
    return problem(`${count}, not all of which can be read`, 'save it again, as PEM, whole', 'input');
  }
  const first = Math.min(...ends.map((end) => end ?? 0));
  if (first <= now.getTime()) {
    return warning(`${count}, of which one has expired`, 'put the current certificate of the authority there');
  }
  const soon = expiresSoon(first, now);
  return soon === null ? ok(count) : warning(`${count}; one ${soon.message}`, soon.remedy);
}

function endOf(pem: string): number | null {
  try {
    const end = Date.parse(new X509Certificate(pem).validTo);
    return Number.isNaN(end) ? null : end;
  } catch {
    return null;
  }
}

export function hasProxy({ proxy }: Context): boolean {
  return (proxy.httpProxy ?? proxy.httpsProxy) !== undefined;
}

export function checkProxy(context: Context): Found {
  if (!hasProxy(context)) return [];
  const { settings, proxy } = context;
  const { origin, hostname } = new URL(settings.apiUrl);
  const used = proxyFor(origin, proxy);
  if (used !== null) return ok(`the API is called through ${used.host}`);
  return ok(
    isLoopback(hostname)
      ? 'there is one, and the API is called without it: its address is a loopback one'
      : 'there is one, and NO_PROXY leaves the API out',
  );
}

/** Node's switch for all TLS connections of a process. Other programs in the same environment may follow it. */
export function checkTlsVerification({ host }: Context): Found {
  if (host.environment.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return [];
  return warning(
    'NODE_TLS_REJECT_UNAUTHORIZED is 0, which has no effect here: certificates are verified nevertheless',
    'take it out of the environment, as other programs follow it; a private authority is trusted by --ca-file',
  );
}

export async function checkToken({ host: { environment }, account, token }: Context): Promise<Finding> {
  const used = await token();
  const { text, from } = await readToken(environment, account.token);
  // Editors end a file with a line end: that is what a file looks like.
  const expected = account.token.file === undefined ? text : text.replace(/\r?\n$/, '');
  if (expected === used) return ok(`from ${from}`);
  return warning(
    `from ${from}, with white space or a line end around it, which is left out`,
    'set it without: other programs may take it as it is',
  );
}

const SHOW_LINES = '`copernica-webhooks validate` shows them with their lines';

export function checkManifest({ settings: { file }, manifest }: Context): Finding {
  const parsed = manifest();
  if (!parsed.ok) {
    const errors = parsed.problems.filter(({ severity }) => severity === 'error');
    const finding = problemOf('input', errors, `correct each: ${SHOW_LINES}`);
    return errors.length < 2 ? finding : { ...finding, message: `${file} has ${errors.length} errors` };
  }
  const valid = `${file}: ${counted(parsed.entries.length, 'webhook')}, valid`;
  if (parsed.warnings.length === 0) return ok(valid);
  return warning(`${valid}, ${counted(parsed.warnings.length, 'warning')}`, SHOW_LINES);
}

export async function checkManifestMount({ settings }: Context): Promise<Finding> {
  if ((await mountedFileOf(settings.file)) === null) {
    return ok('the manifest is not itself a mount: that it is replaced can be seen');
  }
  return warning(
    'the manifest is itself a mount: a container keeps the file it was started with, whatever is put in its place',
    'mount its folder instead',
  );
}

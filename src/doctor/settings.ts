import type { FailureKind, Problem } from '../errors.js';
import { nearest } from '../manifest/suggest.js';
import { SETTINGS, type Setting } from '../settings/definitions.js';
import type { TokenSource } from '../settings/resolve.js';
import { ok, problem, problemOf, type Verdict, warning } from './check.js';
import { expiresSoon } from './reach.js';

/** `file`: the settings file that was read; null: there is none. */
export type SettingsFacts =
  | { readonly ok: true; readonly file: string | null }
  | { readonly ok: false; readonly failure: FailureKind; readonly problems: readonly Problem[] };

export function judgeSettings(facts: SettingsFacts): Verdict {
  if (!facts.ok) return problemOf(facts.failure, facts.problems, 'correct each; nothing else can be checked before');
  return ok(facts.file === null ? 'flags, environment and defaults; no settings file' : `${facts.file} is read`);
}

const OWN_PREFIX = 'COPERNICA_';
const TOKEN_VARIABLES = ['COPERNICA_ACCESS_TOKEN', 'COPERNICA_ACCESS_TOKEN_FILE'];

/**
 * Variables that look like a setting and are none: nobody else would tell, since they are not read. Only those that
 * are close to one: Kubernetes makes COPERNICA_WEBHOOKS_PORT and its like for a Service of that name.
 */
export function judgeEnvironment(facts: {
  readonly names: readonly string[];
  /** What accounts or the manifest refer to. */
  readonly used: readonly string[];
}): Verdict {
  const known = [...(Object.values(SETTINGS) as Setting<unknown>[]).map((it) => it.environment), ...TOKEN_VARIABLES];
  const others = facts.names
    .filter((name) => name.startsWith(OWN_PREFIX) && !known.includes(name) && !facts.used.includes(name))
    .flatMap((name) => {
      const near = nearest(name, known);
      return near === undefined ? [] : [{ name, near }];
    });
  if (others.length === 0) return ok('no variable that looks like a setting and is none');
  const list = others.map(({ name }) => name).join(', ');
  return warning(
    `${list} ${others.length === 1 ? 'is no setting' : 'are no settings'} and not read`,
    `did you mean ${others.map(({ near }) => near).join(', ')}?`,
  );
}

export type TokenFacts = {
  /** Where it comes from: `COPERNICA_ACCESS_TOKEN`, `token file /run/secrets/token`. */
  readonly from: string;
} & (
  | { readonly ok: false; readonly failure: FailureKind; readonly problems: readonly Problem[] }
  /** `padded`: white space stands around it, which is left out. A file may end in a line end. */
  | { readonly ok: true; readonly padded: boolean }
);

export function judgeToken(facts: TokenFacts): Verdict {
  if (!facts.ok) return problemOf(facts.failure, facts.problems);
  if (!facts.padded) return ok(`from ${facts.from}`);
  return warning(
    `from ${facts.from}, with white space or a line end around it, which is left out`,
    'set it without: other programs may take it as it is',
  );
}

/** For people: where a token comes from, without looking at it. */
export function tokenOrigin(
  source: TokenSource | null,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (source !== null) return 'file' in source ? `token file ${source.file}` : source.variable;
  const file = environment.COPERNICA_ACCESS_TOKEN_FILE ?? '';
  return file === '' ? 'COPERNICA_ACCESS_TOKEN' : `token file ${file}`;
}

export type CaFileFacts =
  | { readonly ok: false; readonly failure: FailureKind; readonly problems: readonly Problem[] }
  | {
      readonly ok: true;
      readonly file: string;
      /** Of each certificate, when it ends in milliseconds since 1970; null: it can't be read. */
      readonly ends: readonly (number | null)[];
    };

export function judgeCaFile(facts: CaFileFacts, now: Date): Verdict {
  if (!facts.ok) return problemOf(facts.failure, facts.problems);
  const { file, ends } = facts;
  const count = `${file}: ${ends.length} certificate${ends.length === 1 ? '' : 's'}`;
  if (ends.length === 0 || ends.includes(null)) {
    return problem(`${count}, not all of which can be read`, 'save it again, as PEM, whole', 'input');
  }
  const first = Math.min(...ends.map((end) => end ?? 0));
  const tls = { protocol: '', distrust: null, validFrom: 0, validTo: first, names: '', issuer: '' };
  const over = first <= now.getTime();
  const soon = expiresSoon(tls, now);
  if (over) return warning(`${count}, of which one has expired`, 'put the current certificate of the authority there');
  return soon === null
    ? ok(count)
    : warning(`${count}; ${soon.message.replace(/^its certificate/, 'one')}`, soon.remedy);
}

export type ProxyFacts =
  | { readonly ok: false; readonly failure: FailureKind; readonly problems: readonly Problem[] }
  /** Host and port of the proxy that the API is called through; null: none, for that reason. */
  | { readonly ok: true; readonly proxy: string }
  | { readonly ok: true; readonly proxy: null; readonly because: 'no-proxy' | 'loopback' };

export function judgeProxy(facts: ProxyFacts): Verdict {
  if (!facts.ok) return problemOf(facts.failure, facts.problems);
  if (facts.proxy !== null) return ok(`the API is called through ${facts.proxy}`);
  if (facts.because === 'no-proxy') return ok('there is one, and NO_PROXY leaves the API out');
  return ok('there is one, and the API is called without it: its address is a loopback one');
}

/** Node's switch for all TLS connections of a process. Other programs in the same environment may follow it. */
export function judgeTlsVerification(): Verdict {
  return warning(
    'NODE_TLS_REJECT_UNAUTHORIZED is 0, which has no effect here: certificates are verified nevertheless',
    'take it out of the environment, as other programs follow it; a private authority is trusted by --ca-file',
  );
}

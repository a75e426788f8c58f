// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.

import type { ProblemCode } from '../error-codes.js';
import { cut, quote } from '../text/printable.js';
import { LIMITS } from './limits.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a manifest may not fill in, even if the name has the right prefix: tokens. */
export interface Hidden {
  /** Names of variables. */
  readonly variables: ReadonlySet<string>;
  /** Secrets that no variable's value may contain. */
  readonly values: readonly string[];
}

export const NOTHING_HIDDEN: Hidden = { variables: new Set(), values: [] };

/** Why a text can't be filled in. No message contains a variable's value. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
  /** The part of the text that it is about: from index `at`, with this length. */
  readonly at: number;
  readonly length: number;
}

/** A text with its variables filled in. Not to be used if there are refusals. */
export interface Interpolated {
  readonly text: string;
  readonly refusals: readonly Refusal[];
}

export type Interpolate = (text: string) => Interpolated;

/**
 * Only variables with this prefix can be filled in: a pull request must reach neither the token nor anything else in
 * the environment of a CI job or a container.
 */
const PREFIX = 'WEBHOOKS_';

/** Values that a manifest could fill in, for hiding them where messages from outside may repeat them. */
export function fillableValues(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => (name.startsWith(PREFIX) ? [value] : []));
}

/** A literal `${`, or what begins with one, up to the first closing brace. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;
/** The text between the braces. */
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Fills in `${WEBHOOKS_NAME}` and `${WEBHOOKS_NAME:-default}` from the environment, as a shell does: with a default, an
 * empty variable counts as unset. Without one, unset and empty are refused: a URL with a gap is a wrong URL.
 */
export function interpolator(env: Environment, hidden: Hidden = NOTHING_HIDDEN): Interpolate {
  return (text) => {
    const refusals: Refusal[] = [];
    const filled = text.replace(REFERENCE, (found, inside: string | undefined, at: number) => {
      if (inside === undefined) return '${';
      const value = readReference(found, inside, env, hidden);
      if (typeof value === 'string') return value;
      refusals.push({ ...value, at, length: found.length });
      return '';
    });
    return { text: filled, refusals };
  };
}

type WhyNot = Omit<Refusal, 'at' | 'length'>;

function readReference(found: string, inside: string, env: Environment, hidden: Hidden): string | WhyNot {
  const refusal = (code: ProblemCode, message: string, remedy: string) => ({ code, message, remedy });
  if (!found.endsWith('}')) return refusal('bad-reference', '"${" without its "}"', FORMS);
  const match = NAME_AND_DEFAULT.exec(inside);
  const [, name = '', defaultValue] = match ?? [];
  if (match === null || defaultValue?.includes('${') === true) {
    return refusal('bad-reference', `${quote(found)} is not a reference to a variable`, FORMS);
  }
  if (hidden.variables.has(name)) return refusal('credential-variable', `${name} holds a credential`, NO_CREDENTIALS);
  if (!name.startsWith(PREFIX)) {
    const message = `${quote(name)} can’t be filled in: only variables whose names begin with ${PREFIX} can`;
    return refusal('foreign-variable', message, `rename it to ${withPrefix(name)}, here and where it is set`);
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined && hidden.values.some((secret) => value.includes(secret))) {
    return refusal('credential-variable', `the value of ${name} holds a credential`, NO_CREDENTIALS);
  }
  if (value !== undefined && value !== '') return value;
  if (defaultValue !== undefined) return defaultValue;
  const state = value === undefined ? 'not set' : 'empty';
  return refusal('unset-variable', `environment variable ${name} is ${state}`, `set it, or write \${${name}:-default}`);
}

const FORMS = 'write ${WEBHOOKS_NAME} or ${WEBHOOKS_NAME:-default}; $${ is a literal ${';
const NO_CREDENTIALS = 'a manifest can’t send credentials anywhere: use a variable made for this handler';

/** `COPERNICA_WEBHOOKS_HOST` and `webhooks_host` already contain it. */
function withPrefix(name: string): string {
  return cut(PREFIX + name.replace(/^(?:COPERNICA_)?WEBHOOKS_/i, ''), LIMITS.quotedChars);
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.

import type { ProblemCode } from '../error-codes.js';
import { LIMITS } from './limits.js';
import { cut, quote } from './printable.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a manifest may not fill in although its name begins as it must: tokens, however they are named. */
export interface Hidden {
  /** Names of variables. */
  readonly variables: ReadonlySet<string>;
  /** Secrets that no variable's value may hold. */
  readonly values: readonly string[];
}

export const NOTHING_HIDDEN: Hidden = { variables: new Set(), values: [] };

/** Why a text can't be filled in. No message holds the value of a variable. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
  /** What of the text it is about: from index `at`, so many characters. */
  readonly at: number;
  readonly length: number;
}

export type Interpolated =
  | { readonly ok: true; readonly text: string; readonly variables: readonly string[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

export type Interpolate = (text: string) => Interpolated;

/**
 * Only variables of such names can be filled in: a pull request must reach neither the token nor anything else that is
 * in the environment of a CI job or a container for another reason.
 */
const PREFIX = 'WEBHOOKS_';

const LITERAL = '$${';
const FORMS = 'write ${WEBHOOKS_NAME} or ${WEBHOOKS_NAME:-default}; $${ is a literal ${';

/** A reference; the default ends at the first brace and holds no other reference. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/y;

/**
 * Fills in `${WEBHOOKS_NAME}` and `${WEBHOOKS_NAME:-default}` from the environment, as a shell does: with a default, an empty variable
 * counts as unset. Without one, unset and empty are refused: a URL with a hole in it is a wrong URL.
 */
export function interpolator(env: Environment, hidden: Hidden = NOTHING_HIDDEN): Interpolate {
  return (text) => {
    const refusals: Refusal[] = [];
    const variables: string[] = [];
    let filled = '';
    let index = 0;
    while (index < text.length) {
      const next = text.indexOf('$', index);
      if (next === -1) break;
      filled += text.slice(index, next);
      if (text.startsWith(LITERAL, next)) {
        filled += '${';
        index = next + LITERAL.length;
      } else if (text.startsWith('${', next)) {
        const read = readReference(text, next, env, hidden);
        if ('value' in read) {
          filled += read.value;
          variables.push(read.name);
        } else refusals.push(read);
        index = next + read.length;
      } else {
        filled += '$';
        index = next + 1;
      }
    }
    if (refusals.length > 0) return { ok: false, refusals };
    return { ok: true, text: filled + text.slice(index), variables };
  };
}

interface Reference {
  readonly name: string;
  readonly value: string;
  readonly length: number;
}

function readReference(text: string, at: number, env: Environment, hidden: Hidden): Reference | Refusal {
  REFERENCE.lastIndex = at;
  const match = REFERENCE.exec(text);
  if (match === null || match[2]?.includes('${') === true) return malformed(text, at);
  const [{ length }, name = '', defaultValue] = match;
  const refusal = (code: ProblemCode, message: string, remedy: string) => ({ code, message, remedy, at, length });
  if (hidden.variables.has(name)) return refusal('credential-variable', `${name} holds a credential`, NO_CREDENTIALS);
  if (!name.startsWith(PREFIX)) {
    const message = `${quote(name)} can’t be filled in: only variables whose names begin with ${PREFIX} can`;
    return refusal('foreign-variable', message, `rename it to ${withPrefix(name)}, here and where it is set`);
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined && hidden.values.some((secret) => value.includes(secret))) {
    return refusal('credential-variable', `the value of ${name} holds a credential`, NO_CREDENTIALS);
  }
  if (value !== undefined && value !== '') return { name, value, length };
  if (defaultValue !== undefined) return { name, value: defaultValue, length };
  const state = value === undefined ? 'not set' : 'empty';
  return refusal('unset-variable', `environment variable ${name} is ${state}`, `set it, or write \${${name}:-default}`);
}

/** `COPERNICA_WEBHOOKS_HOST` and `webhooks_host` have it in them already. */
function withPrefix(name: string): string {
  return cut(PREFIX + name.replace(/^(?:COPERNICA_)?WEBHOOKS_/i, ''), LIMITS.quotedChars);
}

const NO_CREDENTIALS = 'a manifest can’t send credentials anywhere: use a variable made for this handler';

function malformed(text: string, at: number): Refusal {
  const close = text.indexOf('}', at);
  const length = (close === -1 ? text.length : close + 1) - at;
  const message =
    close === -1 ? '"${" without its "}"' : `${quote(text.slice(at, at + length))} is no reference to a variable`;
  return { code: 'bad-reference', message, remedy: FORMS, at, length };
}

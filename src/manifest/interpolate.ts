/** What became of one text. `used`: the variables it names. */
export type Interpolated =
  | { readonly ok: true; readonly value: string; readonly used: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly remedy: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that hold credentials: of this product by pattern, of the places it is run in by name. A pull request that
 * edits the manifest must not be able to send one to a handler of its choice.
 */
const OWN_CREDENTIALS = /^COPERNICA_.*(TOKEN|JWT|SECRET|PASSWORD)/i;
const FOREIGN_CREDENTIALS: ReadonlySet<string> = new Set([
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_CLIENT_SECRET',
  'CI_JOB_TOKEN',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'NODE_AUTH_TOKEN',
  'NPM_TOKEN',
  'VAULT_TOKEN',
]);

/** `$${` | `${NAME}` | `${NAME:-default}` | the beginning of something that is none of them. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` by the environment's values, and `$${` by `${`. As in a shell, `:-` takes
 * an empty variable for an unset one. Unset without a default, or empty, is an error, never an empty text. Messages
 * name variables and never hold their values.
 */
export function interpolate(text: string, environment: Environment): Interpolated {
  if (!text.includes('${')) return { ok: true, value: text, used: [] };
  const used: string[] = [];
  let failure: Interpolated | null = null;
  const value = text.replace(
    REFERENCE,
    (reference: string, name: string | undefined, otherwise: string | undefined) => {
      if (reference === '$${') return '${';
      const resolved = name === undefined ? malformed() : lookUp(name, otherwise, environment);
      if (name !== undefined) used.push(name);
      if (typeof resolved === 'string') return resolved;
      failure ??= resolved;
      return '';
    },
  );
  return failure ?? { ok: true, value, used };
}

function malformed(): Interpolated {
  return {
    ok: false,
    code: 'bad-reference',
    message: '"${" begins no reference to a variable',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user is to write.
    remedy: 'write ${NAME} or ${NAME:-default}; a literal "${" is written "$${"',
  };
}

function lookUp(name: string, otherwise: string | undefined, environment: Environment): string | Interpolated {
  const value = environment[name] ?? '';
  if (isCredential(name, value, environment)) {
    return {
      ok: false,
      code: 'credential-reference',
      message: `variable ${name} holds credentials, which a manifest may not use`,
      remedy: 'use a variable of its own for what the handler needs',
    };
  }
  if (value !== '') return value;
  if (otherwise !== undefined) return otherwise;
  return {
    ok: false,
    code: 'unset-variable',
    message: `variable ${name} is ${environment[name] === undefined ? 'not set' : 'empty'}`,
    remedy: `set ${name}, or give a default: \${${name}:-default}`,
  };
}

function isCredential(name: string, value: string, environment: Environment): boolean {
  if (OWN_CREDENTIALS.test(name) || FOREIGN_CREDENTIALS.has(name.toUpperCase())) return true;
  const token = environment.COPERNICA_ACCESS_TOKEN ?? '';
  return token !== '' && value.includes(token);
}

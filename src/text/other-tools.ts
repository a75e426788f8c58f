// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.

/** What words of Terraform, Pulumi, kubectl, Ansible, decK, octoDNS and the like mean here. */
const MEANT: readonly (readonly [words: string, meant: string])[] = [
  ['--dry-run --check', '`plan` shows what `apply` would do, and changes nothing'],
  ['--auto-approve --yes -y --approve --doit', '`apply` asks nothing: run `plan` before it to see what it does'],
  ['diff preview --diff', '`plan` shows how the account differs from the manifest'],
  ['refresh --refresh-only', '`plan` reads the live webhooks too, and `apply` puts back what was changed there'],
  ['sync up deploy create update', '`apply` makes the account match the manifest, `run` keeps it that way'],
  ['watch start serve daemon', '`run` keeps the account as the manifest says'],
  [
    'destroy down delete reset --destroy',
    'name them under `removed` in the manifest, or take all out and run `apply --prune`',
  ],
  ['rm', '`forget NAME` drops an entry from the state and leaves its webhook alone'],
  ['show list ls get describe status output', '`list` shows what the state holds'],
  ['mv', '`was: OLD-NAME` in the manifest renames an entry'],
  ['pull push', '`state copy FROM TO` moves a state to another place'],
  ['dump export', '`discover` prints what is in the account as a manifest'],
  ['fmt lint check test', '`validate` checks the manifest'],
  ['ping login', '`doctor` tries the token; it comes from COPERNICA_ACCESS_TOKEN'],
  ['unlock force-unlock', 'the lock of a process that ended is free; `doctor` says who holds it now'],
  ['--target', '`apply` always makes all of the manifest'],
  ['--var', '`${WEBHOOKS_NAME}` in the manifest comes from the environment'],
  ['-o --output', '`--json` prints one JSON document; `plan --out FILE` saves a plan'],
  ['--verbose --debug', '`--log-level debug` logs more'],
  ['version -v', '`--version` prints it'],
];
const MEANT_BY: ReadonlyMap<string, string> = new Map(
  MEANT.flatMap(([words, meant]) => words.split(' ').map((word) => [word, meant] as const)),
);

/** An error about an unknown command or option, with the word to use here if it is another tool's. */
export function inWordsOfThisTool(error: string): string {
  const [, beginning, word = ''] = /^(.*?unknown (?:option|command) '([^'\n]{1,40})')/.exec(error) ?? [];
  const meant = meantBy(word);
  return beginning === undefined || meant === undefined ? error : `${beginning}\n(${meant})\n`;
}

/** Terraform's options have one dash; kubectl's switches take a value. */
function meantBy(word: string): string | undefined {
  const [name = '', value] = word.split('=', 2);
  const long = /^-\w[\w-]/.test(name) ? `-${name}` : name;
  const meant = MEANT_BY.get(long);
  if (meant !== undefined) return meant;
  if (long !== name) return `options have two dashes: ${long}`;
  if (value === 'true') return `without a value: ${name}`;
  return value === 'false' ? `without a value: ${name.replace('--', '--no-')}` : undefined;
}

/** What is meant here by words of Terraform, kubectl, Ansible and their like. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['--dry-run', '`plan` shows what `apply` would do, and changes nothing'],
  ['--auto-approve', '`apply` asks nothing: run `plan` before it to see what it does'],
  ['--yes', '`apply` asks nothing: run `plan` before it to see what it does'],
  ['diff', '`plan` shows how the account differs from the manifest'],
  ['sync', '`apply` makes the account match the manifest, `run` keeps it that way'],
  ['destroy', 'name them under `removed` in the manifest, or take all out and run `apply --prune`'],
  ['rm', '`forget NAME` drops an entry from the state and leaves its webhook alone'],
  ['show', '`list` shows what the state holds'],
  ['mv', '`was: OLD-NAME` in the manifest renames an entry'],
]);

/** An error about an unknown command or option; with what is meant here, where the word is another tool's. */
export function inWordsOfThisTool(error: string): string {
  const [, beginning, word = ''] = /^(.*?unknown (?:option|command) '([^'\n]{1,40})')/.exec(error) ?? [];
  const meant = MEANT.get(word.split('=', 1)[0] ?? '');
  return beginning === undefined || meant === undefined ? error : `${beginning}\n(${meant})\n`;
}

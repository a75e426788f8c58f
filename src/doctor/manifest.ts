import type { Problem } from '../errors.js';
import { ok, problemOf, type Verdict, warning } from './check.js';

export type ManifestFacts =
  | { readonly ok: true; readonly file: string; readonly webhooks: number; readonly warnings: number }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] };

export function judgeManifest(facts: ManifestFacts): Verdict {
  if (!facts.ok) {
    const errors = facts.problems.filter(({ severity }) => severity === 'error');
    const verdict = problemOf(
      'input',
      errors,
      'correct each: `copernica-webhooks validate` shows them with their lines',
    );
    return errors.length < 2 ? verdict : { ...verdict, message: `${facts.file} has ${errors.length} errors` };
  }
  const { file, webhooks, warnings } = facts;
  const valid = `${file}: ${counted(webhooks, 'webhook')}, valid`;
  if (warnings === 0) return ok(valid);
  return warning(`${valid}, ${counted(warnings, 'warning')}`, '`copernica-webhooks validate` shows them');
}

export function judgeManifestMount(facts: { readonly isMount: boolean }): Verdict {
  if (!facts.isMount) return ok('the manifest is not itself a mount: that it is replaced can be seen');
  return warning(
    'the manifest is itself a mount: a container keeps the file it was started with, whatever is put in its place',
    'mount its folder instead',
  );
}

export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}

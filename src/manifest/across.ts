import type { Problem } from '../errors.js';
import { quote } from '../text/printable.js';
import type { Candidate } from './entry.js';
import { problemOf } from './findings.js';
import { where } from './source.js';

/** The checks between entries, of all files: each name once, each webhook once. */
export function checkAcross(candidates: readonly Candidate[]): Problem[] {
  const problems: Problem[] = [];
  const names = new Map<string, Candidate>();
  const webhooks = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { name, writtenName, key, source, start, end } = candidate;
    const sameName = name === undefined ? undefined : names.get(name);
    if (sameName !== undefined) {
      const message = `name ${quote(writtenName ?? '')} is taken; first defined at ${placeOf(sameName)}`;
      const remedy = 'give each entry a name of its own';
      problems.push(problemOf({ code: 'duplicate-name', message, remedy, name: writtenName, start, end }, source));
      continue;
    }
    if (name !== undefined) names.set(name, candidate);
    if (key === undefined) continue;
    const same = webhooks.get(key);
    if (same === undefined) {
      webhooks.set(key, candidate);
      continue;
    }
    const message = `asks for the very same webhook as ${quote(same.writtenName ?? '')}; first defined at ${placeOf(same)}`;
    const remedy = 'remove one of them: each event would be delivered twice';
    problems.push(problemOf({ code: 'duplicate-webhook', message, remedy, name: writtenName, start, end }, source));
  }
  return problems;
}

function placeOf({ start, source }: Candidate): string {
  return where(start, source);
}

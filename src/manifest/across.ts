import type { Problem } from '../errors.js';
import { quote } from '../text/printable.js';
import type { Candidate, Mention } from './entry.js';
import { type Finding, problemOf } from './findings.js';
import { type Range, type Source, where } from './source.js';

/** Checks between the entries of all files: each name once, each webhook once, and each former name once. */
export function checkAcross(candidates: readonly Candidate[], removed: readonly Mention[]): Problem[] {
  const problems: Problem[] = [];
  const names = new Map<string, Candidate>();
  const webhooks = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { name, writtenName, key, source, start, end } = candidate;
    const sameName = name === undefined ? undefined : names.get(name);
    if (sameName !== undefined) {
      const message = `name ${quote(writtenName ?? '')} is taken; first defined at ${placeOf(sameName)}`;
      const remedy = 'give each entry its own name';
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
    const remedy = 'remove one of them: every event would be delivered twice';
    problems.push(problemOf({ code: 'duplicate-webhook', message, remedy, name: writtenName, start, end }, source));
  }
  return [...problems, ...checkFormerNames(candidates, removed, names)];
}

/**
 * A name in the state can only go one way: it is an entry, or one entry had that name before, or its webhook is
 * removed. Only the removal may be listed twice.
 */
function checkFormerNames(
  candidates: readonly Candidate[],
  removed: readonly Mention[],
  names: ReadonlyMap<string, Candidate>,
): Problem[] {
  const claims = new Map<string, Mention>();
  const claimed = candidates.flatMap(({ name, was }) => {
    if (was === undefined) return [];
    const entry = names.get(was.name);
    const other = claims.get(was.name);
    if (entry === undefined && other === undefined) {
      claims.set(was.name, was);
      return [];
    }
    const written = quote(was.writtenName);
    const message =
      name === was.name
        ? `was ${written} is the entry’s own name`
        : entry === undefined
          ? `two entries say that they were ${written}; the other one is at ${placeOf(other ?? was)}`
          : `was ${written} names an entry of this manifest, at ${placeOf(entry)}`;
    return problemAt(was, { code: 'was-taken', message, remedy: 'write the name that only this entry had before' });
  });
  const contradicted = removed.flatMap((mention) => {
    const entry = names.get(mention.name);
    const claim = claims.get(mention.name);
    if (entry === undefined && claim === undefined) return [];
    const why = entry === undefined ? 'an entry says that it was this one' : 'is an entry too';
    const message = `${quote(mention.writtenName)} is removed, and ${why}, at ${placeOf(entry ?? claim ?? mention)}`;
    return problemAt(mention, { code: 'removed-taken', message, remedy: 'remove one of the two' });
  });
  return [...claimed, ...contradicted];
}

function problemAt({ start, end, source, writtenName }: Mention, why: Pick<Finding, 'code' | 'message' | 'remedy'>) {
  return problemOf({ ...why, start, end, name: writtenName }, source);
}

function placeOf({ start, source }: Range & { readonly source: Source }): string {
  return where(start, source);
}

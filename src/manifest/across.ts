import { webhookKey } from '../webhook.js';
import type { Candidate } from './entry.js';
import type { Report } from './findings.js';
import { quote } from './printable.js';

/**
 * The checks across entries: each name once, each webhook once. An entry that is wrong in another way takes part with
 * what is right about it.
 */
export function checkAcross(candidates: readonly Candidate[], report: Report, where: (offset: number) => string): void {
  const names = new Map<string, Candidate>();
  const webhooks = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { name, shownName, spec, start, end } = candidate;
    const sameName = name === undefined ? undefined : names.get(name);
    if (name !== undefined && sameName === undefined) names.set(name, candidate);
    if (sameName !== undefined) {
      report({
        code: 'duplicate-name',
        message: `name ${quote(shownName ?? '')} is taken; first defined at ${where(sameName.start)}`,
        remedy: 'give each entry a name of its own',
        name: shownName,
        start,
        end,
      });
      continue;
    }
    if (spec === undefined) continue;
    const key = webhookKey(spec);
    const sameWebhook = webhooks.get(key);
    if (sameWebhook === undefined) webhooks.set(key, candidate);
    else {
      const other = sameWebhook.shownName === undefined ? 'another entry' : quote(sameWebhook.shownName);
      report({
        code: 'duplicate-webhook',
        message: `asks for the very same webhook as ${other}; first defined at ${where(sameWebhook.start)}`,
        remedy: 'remove one of them: each event would be delivered twice',
        name: shownName,
        start,
        end,
      });
    }
  }
}

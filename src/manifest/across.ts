import { quote } from '../text/printable.js';
import { webhookKey } from '../webhook.js';
import type { Candidate } from './entry.js';
import { type Report, type Source, where } from './findings.js';

/**
 * The checks across entries: each name once, each webhook once. An entry that is wrong in another way takes part with
 * what is right about it.
 */
export function checkAcross(candidates: readonly Candidate[], source: Source, report: Report): void {
  const names = new Map<string, Candidate>();
  const webhooks = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { name, writtenName, spec, start, end } = candidate;
    const sameName = name === undefined ? undefined : names.get(name);
    if (name !== undefined && sameName === undefined) names.set(name, candidate);
    if (sameName !== undefined) {
      report({
        code: 'duplicate-name',
        message: `name ${quote(writtenName ?? '')} is taken; first defined at ${where(sameName.start, source)}`,
        remedy: 'give each entry a name of its own',
        name: writtenName,
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
      const other = sameWebhook.writtenName === undefined ? 'another entry' : quote(sameWebhook.writtenName);
      report({
        code: 'duplicate-webhook',
        message: `asks for the very same webhook as ${other}; first defined at ${where(sameWebhook.start, source)}`,
        remedy: 'remove one of them: each event would be delivered twice',
        name: writtenName,
        start,
        end,
      });
    }
  }
}

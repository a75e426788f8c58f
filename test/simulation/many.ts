import type { WebhookSpec } from '../../src/webhook.js';
import { type Entries, entryOf } from './edits.js';

/** As many entries; every fifth looks like the one before when it is read, and differs in its database alone. */
export function manyEntries(count: number): Entries {
  return Array.from({ length: count }, (_, index) => {
    const isAlike = index % 5 === 4;
    const handler = `https://many.example/${isAlike ? index - 1 : index}`;
    const spec: WebhookSpec = { handler, trigger: 'create', ...(isAlike ? { database: 1 } : {}) };
    return entryOf(`many-${index}`, spec);
  });
}

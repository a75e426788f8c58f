import type { Draw } from './agenda.js';

export interface Entry {
  readonly name: string;
  readonly handler: string;
  readonly trigger: string;
  readonly callers?: readonly string[];
  readonly database?: number | string;
  readonly collection?: number | string;
}

export const EDITS = ['add', 'change', 'retarget', 'rename', 'remove', 'reorder'] as const;
export type Edit = (typeof EDITS)[number];

/** What handlers get from the environment and may stand nowhere but there and in the state. */
export const HANDLER_SECRETS = ['hunter2-user-info', 'hunter2-query'] as const;

const TRIGGERS = ['create', 'update', 'delete', 'click', 'open', 'bounce'];
const [USER_INFO, QUERY] = HANDLER_SECRETS;
export const HANDLER_VARIABLES = { WEBHOOKS_USER_INFO: USER_INFO, WEBHOOKS_QUERY: QUERY } as const;
/** Most that one edit changes: a guard refuses to delete more than 30 % at once, which is not what is tried here. */
const MOST_AT_ONCE = 8;

/** Entry number `number`: no two are alike. Some say their database by its name. */
export function entry(number: number): Entry {
  const host = number % 5 === 0 ? `user:${USER_INFO}@a.example` : 'a.example';
  return {
    name: `entry-${number}`,
    handler: `https://${host}/${number}?key=${QUERY}`,
    trigger: TRIGGERS[number % TRIGGERS.length] ?? 'create',
    ...(number % 4 === 1 ? { callers: ['ms'] } : {}),
    ...(number % 3 === 0 ? { database: 1017 } : {}),
    ...(number % 3 === 1 ? { database: 'Customers', collection: 'Orders' } : {}),
  };
}

/**
 * The manifest after an edit that is valid, and another than before. `number` is one that no edit before had; `size` is
 * about how many entries there are to be.
 */
export function edited(entries: readonly Entry[], draw: Draw, number: number, size: number): readonly Entry[] {
  const at = draw.place % entries.length;
  const many = 1 + (draw.place % MOST_AT_ONCE);
  const some = new Set(Array.from({ length: many }, (_, index) => (at + index * 3) % entries.length));
  const each = (change: (entry: Entry) => Entry) => entries.map((one, index) => (some.has(index) ? change(one) : one));
  switch (editOf(draw.edit, entries.length, size)) {
    case 'add':
      return [...entries.slice(0, at), entry(number), ...entries.slice(at)];
    case 'change':
      return each((one) => ({ ...one, handler: `${one.handler.replace(/&edit=.*/, '')}&edit=${number}` }));
    case 'retarget':
      return entries
        .map((one, index) => (index === at ? { ...one, database: 2_000 + number } : one))
        .map(withoutOrders);
    case 'rename':
      return entries.map((one, index) => (index === at ? { ...one, name: `renamed-${number}` } : one));
    case 'remove':
      return entries.toSpliced(at, Math.min(2, many));
    case 'reorder':
      return [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  }
}

/** Adds and removes would wander off: what is drawn is turned round where there are too few or too many. */
function editOf(drawn: Edit, length: number, size: number): Edit {
  if (length < size * 0.8 && drawn === 'remove') return 'add';
  return length > size * 1.2 && drawn === 'add' ? 'remove' : drawn;
}

/** The collection is one of the database that it had before. */
function withoutOrders(one: Entry): Entry {
  if (typeof one.database !== 'number' || one.collection === undefined) return one;
  const { collection: _collection, ...rest } = one;
  return rest;
}

export function manifestText(entries: readonly Entry[]): string {
  const text = `webhooks:\n${entries.map((one) => `  - ${JSON.stringify(one)}\n`).join('')}`;
  const variables = Object.entries(HANDLER_VARIABLES);
  return variables.reduce((rest, [name, value]) => rest.replaceAll(value, `\${${name}}`), text);
}

/** Manifests that can't be used, each for a reason of its own. */
export function brokenText(entries: readonly Entry[], place: number): string {
  const good = manifestText(entries);
  const wrong = [
    'webhooks: [',
    good.slice(0, good.length - 20),
    `${good}${manifestText(entries.slice(0, 1)).replace('webhooks:\n', '')}`,
    `${good}  - { name: wrong, handler: 'https://a.example/', trigger: sometimes }\n`,
    '',
  ];
  return wrong[place % wrong.length] ?? '';
}

/** How the account's webhooks read that make this manifest come true, each once, sorted. */
export function wanted(entries: readonly Entry[]): string[] {
  return entries
    .map(({ handler, trigger, callers = ['ms', 'publisher'], database, collection }) =>
      told({
        handler,
        trigger,
        callers,
        database: database === 'Customers' ? 1017 : (database ?? null),
        collection: collection === 'Orders' ? 42 : (collection ?? null),
      }),
    )
    .sort();
}

export function told(webhook: {
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  readonly database: number | string | null;
  readonly collection: number | string | null;
}): string {
  const { handler, trigger, callers, database, collection } = webhook;
  return [trigger, handler, [...callers].sort().join('+'), database, collection].join(' ');
}

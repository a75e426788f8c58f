import * as z from 'zod';
import { printable } from '../text/printable.js';
import { CALLERS, TRIGGERS } from '../webhook.js';
import { handlerComplaint } from './handler.js';
import { LIMITS } from './limits.js';

/** Letters, digits, dot, underscore and hyphen. */
const NAME_PATTERN = new RegExp(`^[A-Za-z0-9._-]{1,${LIMITS.nameChars}}$`);

/** A decimal id without sign, leading zero or exponent, so that it reads the same everywhere. */
export const ID_PATTERN = /^[1-9][0-9]{0,15}$/;

/** In a message, stands for the value as in the file, since values of variables must not be shown. */
export const AS_WRITTEN = '{value}';

/** A message of this schema: the first line says what is wrong, the second what to do. */
function says(message: string, remedy: string): string {
  return `${message}\n${remedy}`;
}

interface Issue {
  readonly input?: unknown;
}

/** The messages of a field: it is missing, has no value, or is `wrong` in another way. */
function field(name: string, expected: string, wrong: (value: unknown) => string, ifEmpty = expected) {
  return {
    error({ input }: Issue): string {
      if (input === undefined) return says(`${name} is missing`, expected);
      return input === null ? says(`${name} has no value`, ifEmpty) : wrong(input);
    },
  };
}

const OPTIONAL = 'give one, or leave the line out';
const NAME_EXPECTED = `give it a name: letters, digits, . _ -, at most ${LIMITS.nameChars}`;
const HANDLER_EXPECTED = 'write handler: https://…';

/** The name of an entry. `what`: what messages call it. */
function nameText(what: string, expected: string) {
  return z
    .string(field(what, expected, (value) => says(`${what} is ${kindOf(value)}, not text`, 'put it in quotes')))
    .regex(NAME_PATTERN, {
      error({ input }) {
        const length = String(input).length;
        if (length === 0) return says(`${what} is empty`, expected);
        if (length > LIMITS.nameChars)
          return says(`${what} is longer than ${LIMITS.nameChars} characters`, 'shorten it');
        return says(`${what} ${AS_WRITTEN} contains characters other than letters, digits, . _ -`, 'use only those');
      },
    });
}

const name = nameText('name', NAME_EXPECTED).meta({
  title: 'Name',
  description: [
    'What you call this webhook: the identity of the entry, unique in the manifest. Letters, digits, dot,',
    'underscore and hyphen. To rename an entry and change it at once, say was.',
  ].join(' '),
  examples: ['crm-profile-created'],
});

const was = nameText('was', 'write the name that the entry had until now, or leave the line out').meta({
  title: 'Was',
  description: [
    'The name of the entry until now: it takes over the webhook that has this name in the state, and is then updated or',
    'replaced as usual. Where no webhook has it any more, this does nothing, so the line may stay.',
  ].join(' '),
  examples: ['profile-created'],
});

const PROTECT_EXPECTED = 'write protect: true, or leave the line out';
const protect = z
  .boolean(
    field('protect', PROTECT_EXPECTED, (value) => {
      return says(`protect is ${kindOf(value)}, not true or false`, PROTECT_EXPECTED);
    }),
  )
  .meta({
    title: 'Protect',
    description: [
      'True: nothing may replace or delete the webhook, even after the entry has left the manifest. That',
      'ends when the entry is here again without it, or with the command forget.',
    ].join(' '),
  });

const REMOVED_EXPECTED = 'write removed: [name], with the names that the webhooks have in the state';
const removedName = nameText('a name under removed', 'remove it, or write a name');
const removed = z
  .array(
    removedName,
    field('removed', REMOVED_EXPECTED, () => says('removed must be a list', REMOVED_EXPECTED)),
  )
  .meta({
    title: 'Removed',
    description: [
      'Names of webhooks that are to be deleted: exactly these, without --prune. An entry of such a name must be gone',
      'from webhooks. Where the state does not have one any more, it does nothing, so the line may stay.',
    ].join(' '),
    examples: [['old-bounces']],
  });

const handler = z
  .string(
    field('handler', HANDLER_EXPECTED, (value) => says(`handler is ${kindOf(value)}, not a URL`, HANDLER_EXPECTED)),
  )
  .check(({ value, issues }) => {
    const complaint = handlerComplaint(value);
    if (complaint === null) return;
    issues.push({ code: 'custom', message: says(complaint.message, complaint.remedy), input: value });
  })
  .meta({
    title: 'Handler',
    description: [
      'The URL that Copernica POSTs each event to: absolute, https (http works too, unencrypted). Its domain',
      'must have been validated in the Copernica dashboard.',
    ].join(' '),
    examples: ['https://my-webhook-url.com'],
    maxLength: LIMITS.handlerChars,
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]\\S*$',
  });

const trigger = z
  .enum(
    TRIGGERS,
    field('trigger', `write trigger: with one of ${TRIGGERS.join(', ')}`, (value) => {
      const isList = Array.isArray(value) || (typeof value === 'string' && value.includes(','));
      if (isList) return says('trigger is a list', ONE_TRIGGER);
      return says(`trigger ${shown(value)} is not known`, `use one of ${TRIGGERS.join(', ')}`);
    }),
  )
  .meta({
    title: 'Trigger',
    description: [
      'What makes Copernica call the handler. create, update, delete: a profile or subprofile is created,',
      'changed or removed. click, delivery, open, bounce, failure: what became of a mailing. unsubscribe:',
      'somebody unsubscribes.',
    ].join(' '),
  });

const ONE_TRIGGER = 'an entry has one trigger: write an entry for each, with a name of its own';

const caller = z
  .enum(CALLERS, {
    error: ({ input }) =>
      input === null
        ? says('an empty item in callers', 'remove it')
        : says(`caller ${shown(input)} is not known`, `use one of ${CALLERS.join(', ')}`),
  })
  .meta({ title: 'Caller', description: 'ms is Marketing Suite, publisher is Publisher.' });

const callers = z
  .array(
    caller,
    field(
      'callers',
      OPTIONAL,
      (value) => {
        const words = typeof value === 'string' ? value.slice(0, 100).split(/[\s,]+/) : [];
        const named = words.filter((word) => CALLERS.some((each) => each === word));
        const list = named.length === 0 ? CALLERS : named;
        return says('callers must be a list', `write callers: [${list.join(', ')}]`);
      },
      OPTIONAL,
    ),
  )
  .min(1, says('callers is an empty list', 'leave it out for both, or name one'))
  .refine((list) => new Set(list).size === list.length, says('callers names one twice', 'name each once'))
  .meta({
    title: 'Callers',
    description: 'Which of Copernica’s two products call the handler. Left out: both. The order does not matter.',
    uniqueItems: true,
    examples: [['ms', 'publisher'], ['ms']],
  });

/** Names to look up must differ from ids, and from what YAML reads as numbers: they contain a letter. */
function isScopeName(text: string): boolean {
  return (
    text.length <= LIMITS.limitNameChars &&
    text === text.trim() &&
    text === printable(text) &&
    /\p{L}/u.test(text) &&
    Number.isNaN(Number(text)) &&
    !/^[-+]?\.(inf|nan)$/i.test(text)
  );
}

/** A database or collection: an id, or a name that is looked up in the account. */
function limit(what: 'database' | 'collection') {
  const expected = `write the id or the name of the ${what}, or leave it out`;
  return z.union(
    [
      z.int().min(1),
      z
        .string()
        .regex(ID_PATTERN)
        .refine((text) => Number.isSafeInteger(Number(text))),
      z.string().max(LIMITS.limitNameChars).refine(isScopeName).meta({ pattern: '[^\\d\\s.+_-]' }),
    ],
    field(what, expected, (value) => whyNoScope(what, expected, value), OPTIONAL),
  );
}

function whyNoScope(what: string, expected: string, value: unknown): string {
  const bad = (why: string, remedy = expected) => says(`${what} ${why}`, remedy);
  if (typeof value !== 'string') return bad(`is ${kindOf(value)}, not an id or a name`);
  if (/^0+[1-9][0-9]*$/.test(value)) {
    return bad(`${AS_WRITTEN} has leading zeros`, 'write it without them, if it is the id');
  }
  if (/^[1-9][0-9]{15,}$/.test(value)) return bad(`${AS_WRITTEN} is too large for an id`);
  if (/\p{L}/u.test(value) && Number.isNaN(Number(value))) {
    const rules = `white space around it, invisible characters, or is longer than ${LIMITS.limitNameChars}`;
    return bad(`${AS_WRITTEN} can’t be a name: it has ${rules}`);
  }
  return bad(`${AS_WRITTEN} is neither an id (a whole number above 0, in digits) nor a name`);
}

const database = limit('database');
const collection = limit('collection');

/** Fields that may contain `${NAME}`. They are checked after it was filled in. */
export const INTERPOLATED: ReadonlySet<unknown> = new Set([
  name,
  was,
  removedName,
  handler,
  trigger,
  caller,
  database,
  collection,
]);

/** One entry, with its variables filled in. */
export const entrySchema = z
  .strictObject(
    {
      name,
      handler,
      trigger,
      callers: callers.optional(),
      database: database.optional().meta({
        title: 'Database',
        description: [
          'Id or name of the database that the webhook is limited to. A name is looked up in the account. Left',
          'out: all of them.',
        ].join(' '),
        examples: [1017, 'Customers'],
      }),
      collection: collection.optional().meta({
        title: 'Collection',
        description: [
          'Id or name of the collection that the webhook is limited to. A name is looked up in the database,',
          'which must be given then. Left out: no such limit.',
        ].join(' '),
        examples: [42, 'Orders'],
      }),
      was: was.optional(),
      protect: protect.optional(),
    },
    {
      error: ({ input }) =>
        input === null
          ? says('an empty item in webhooks', 'remove the dash, or write the entry after it')
          : says(
              'an entry must be a mapping with name, handler and trigger',
              'write - name: …, and under it handler: … and trigger: …',
            ),
    },
  )
  .check(({ value, issues }) => {
    const isName = typeof value.collection === 'string' && !ID_PATTERN.test(value.collection);
    if (!isName || value.database !== undefined) return;
    issues.push({
      code: 'custom',
      path: ['collection'],
      params: { code: 'collection-without-database' },
      message: says(
        'a collection can be given by name only if the database is given too',
        'add database: with its id or name, or write the id of the collection',
      ),
      input: value.collection,
    });
  })
  .meta({ title: 'Webhook', description: 'A webhook that exists exactly once in the account.' });

export const ENTRY_FIELDS = Object.keys(entrySchema.shape);

/** Top-level fields with this prefix are not read: they can hold anchors for entries to merge. */
export const EXTENSION_PREFIX = 'x-';

/** An emptied file is more often an accident than intended: all webhooks would become orphaned. */
export const IF_NONE = 'if there should be no webhooks at all, write webhooks: []';

/** A list under `webhooks`: of entries in the published schema; of anything when each entry is checked separately. */
function manifestOf<Item extends z.ZodType>(item: Item) {
  const wrong = () => says('webhooks must be a list', 'begin each entry with a dash: - name: …');
  return z.strictObject({
    webhooks: z.array(item, field('webhooks', IF_NONE, wrong)).meta({
      title: 'Webhooks',
      description: 'The webhooks that this file manages. An empty list says that there are none.',
    }),
    removed: removed.optional(),
  });
}

export const topLevelSchema = manifestOf(z.unknown());

export const TOP_LEVEL_FIELDS = Object.keys(topLevelSchema.shape);

export const manifestSchema = manifestOf(entrySchema).meta({
  title: 'Manifest of copernica-webhooks',
  description: 'The webhooks of a Copernica account.',
});

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? AS_WRITTEN : `(${kindOf(value)})`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'boolean' ? 'true or false' : typeof value === 'number' ? 'a number' : 'text';
}

import * as z from 'zod/mini';
import { CALLERS, TRIGGERS } from '../webhook.js';
import { handlerComplaint } from './handler.js';
import { LIMITS } from './limits.js';
import { printable } from './printable.js';

/** Letters, digits, dot, underscore and hyphen. */
const NAME_PATTERN = new RegExp(`^[A-Za-z0-9._-]{1,${LIMITS.nameChars}}$`);

/** An id in decimal: no sign, no leading zero, no exponent, so that it reads the same everywhere. */
export const ID_PATTERN = /^[1-9][0-9]{0,15}$/;

const name = z
  .string()
  .check(z.regex(NAME_PATTERN))
  .register(z.globalRegistry, {
    title: 'Name',
    description:
      'What you call this webhook: the identity of the entry, unique in the file. Letters, digits, dot, underscore and hyphen. Renaming an entry sends nothing.',
    examples: ['crm-profile-created'],
  });

const handler = z
  .string()
  .check(
    z.maxLength(LIMITS.handlerChars),
    z.refine((url: string) => handlerComplaint(url) === null),
  )
  .register(z.globalRegistry, {
    title: 'Handler',
    description:
      'The URL that Copernica POSTs each event to: absolute, https (http works too, unencrypted). Its domain must have been validated in the Copernica dashboard.',
    examples: ['https://my-webhook-url.com'],
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]\\S*$',
  });

const trigger = z.enum(TRIGGERS).register(z.globalRegistry, {
  title: 'Trigger',
  description:
    'What makes Copernica call the handler. create, update, delete: a profile or subprofile is created, changed or removed. click, delivery, open, bounce, failure: what became of a mailing. unsubscribe: somebody unsubscribes.',
});

const caller = z.enum(CALLERS).register(z.globalRegistry, {
  title: 'Caller',
  description: 'ms is Marketing Suite, publisher is Publisher.',
});

const callers = z
  .array(caller)
  .check(
    z.minLength(1),
    z.refine((list: readonly string[]) => new Set(list).size === list.length),
  )
  .register(z.globalRegistry, {
    title: 'Callers',
    description: 'Which of Copernica’s two products call the handler. Left out: both. The order carries no meaning.',
    uniqueItems: true,
    examples: [['ms', 'publisher'], ['ms']],
  });

/** Names that are looked up must differ from ids, and from what YAML takes for numbers: they have a letter in them. */
export function isLimitName(text: string): boolean {
  return (
    text.length <= LIMITS.limitNameChars &&
    text === text.trim() &&
    text === printable(text) &&
    /\p{L}/u.test(text) &&
    Number.isNaN(Number(text)) &&
    !/^[-+]?\.(inf|nan)$/i.test(text)
  );
}

const limit = z.union([
  z.int().check(z.minimum(1)),
  z.string().check(
    z.regex(ID_PATTERN),
    z.refine((text: string) => Number.isSafeInteger(Number(text))),
  ),
  z
    .string()
    .check(z.maxLength(LIMITS.limitNameChars), z.refine(isLimitName))
    .register(z.globalRegistry, { pattern: '[^\\d\\s.+_-]' }),
]);

/** One entry, its variables filled in. Says whether it is right; explain.ts says what is wrong. */
export const entrySchema = z
  .strictObject({
    name,
    handler,
    trigger,
    callers: z.optional(callers),
    database: z.optional(limit).register(z.globalRegistry, {
      title: 'Database',
      description:
        'Id or name of the database that the webhook is limited to. A name is looked up in the account. Left out: all of them.',
      examples: [1017, 'Customers'],
    }),
    collection: z.optional(limit).register(z.globalRegistry, {
      title: 'Collection',
      description:
        'Id or name of the collection that the webhook is limited to. A name is looked up in the database, which must be given then. Left out: no such limit.',
      examples: [42, 'Orders'],
    }),
  })
  .register(z.globalRegistry, { title: 'Webhook', description: 'A webhook that exists exactly once in the account.' });

export type EntryField = keyof z.output<typeof entrySchema>;
export const ENTRY_FIELDS = Object.keys(entrySchema.shape) as readonly EntryField[];

/** An entry without its name, which is what Copernica is told. */
export const specSchema = z.omit(entrySchema, { name: true });
export type Spec = z.output<typeof specSchema>;

/** Top-level fields that begin with this are not read: a place for anchors that entries merge. */
export const EXTENSION_PREFIX = 'x-';

const manifestSchema = z
  .strictObject({
    webhooks: z.array(entrySchema).register(z.globalRegistry, {
      title: 'Webhooks',
      description: 'The webhooks that this file keeps. An empty list says that there are none.',
    }),
  })
  .register(z.globalRegistry, {
    title: 'Manifest of copernica-webhooks',
    description: 'The webhooks of a Copernica account.',
  });

/** Where `${NAME}` may stand, so that the JSON Schema lets it through: the check comes after it is filled in. */
const INTERPOLATED: ReadonlySet<unknown> = new Set([name, handler, trigger, caller, limit]);

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const SCHEMA_ID = 'urn:copernica-webhooks:manifest';

/**
 * The JSON Schema (draft 2020-12) of a manifest as it is written, for editors and other tools. Looser than the check
 * itself, which also sees what variables hold and compares entries with each other.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(manifestSchema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      if (INTERPOLATED.has(zodSchema)) allowVariables(jsonSchema);
    },
  });
  const { $schema: _dialect, ...rest } = schema;
  return {
    $schema: DIALECT,
    $id: SCHEMA_ID,
    ...rest,
    patternProperties: { [`^${EXTENSION_PREFIX}`]: { description: 'Not read: a place for anchors (&name).' } },
  };
}

const VARIABLE = { type: 'string', pattern: '\\$\\{', description: 'Filled in from the environment.' };

/** What is said about the value stays outside, where editors show it; what limits it moves into one of two choices. */
function allowVariables(jsonSchema: Record<string, unknown>): void {
  const about = new Set(['title', 'description', 'examples']);
  const limits = Object.entries(jsonSchema).filter(([key]) => !about.has(key));
  for (const [key] of limits) delete jsonSchema[key];
  const { anyOf, ...others } = Object.fromEntries(limits);
  jsonSchema.anyOf = [...(Array.isArray(anyOf) ? anyOf : [others]), VARIABLE];
}

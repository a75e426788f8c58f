import * as z from 'zod';
import { CALLERS, TRIGGERS } from '../webhook.js';

export const NAME_PATTERN = /^[A-Za-z0-9._-]{1,100}$/;
/** What web servers take; Copernica's own limit is not known. */
export const LONGEST_HANDLER_CHARACTERS = 2048;
const ID_TEXT = /^[1-9]\d{0,14}$/;

const id = z.union([z.int().positive(), z.string().regex(ID_TEXT).transform(Number)]).meta({ examples: [1017] });

/** One entry, after aliases, merge keys and variables. Whether a handler is a URL is checked where it is explained. */
export const entrySchema = z.strictObject({
  name: z
    .string()
    .regex(NAME_PATTERN)
    .meta({
      description:
        'The identity of the entry, unique in the file: letters, digits, ".", "_" and "-". Renaming it sends nothing.',
      examples: ['crm-profile-created'],
    }),
  handler: z
    .string()
    .max(LONGEST_HANDLER_CHARACTERS)
    .regex(/^https?:\/\//i)
    .meta({
      description: 'Absolute URL that Copernica sends events to. Its domain must be validated in the dashboard first.',
      examples: ['https://my-webhook-url.com'],
    }),
  trigger: z.enum(TRIGGERS).meta({ description: 'What happens that the handler is to be told of.' }),
  callers: z
    .array(z.enum(CALLERS))
    .min(1)
    .meta({ uniqueItems: true, description: 'Which of Marketing Suite (ms) and Publisher call it. Left out: both.' })
    .exactOptional(),
  database: id.meta({ description: 'Id of the database that it is limited to.', examples: [1017] }).exactOptional(),
  collection: id.meta({ description: 'Id of the collection that it is limited to.', examples: [42] }).exactOptional(),
});

export type Entry = z.output<typeof entrySchema>;

const manifestSchema = z.strictObject({
  webhooks: z
    .array(entrySchema)
    .meta({ description: 'The webhooks that should exist in the account, each exactly once.' }),
});

/** The manifest's JSON Schema, for editors: every text may also hold a reference to a variable. */
export function manifestJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(manifestSchema, {
    io: 'input',
    override: ({ jsonSchema }) => allowReferences(jsonSchema as Record<string, unknown>),
  });
  const title = 'Webhooks of a Copernica account';
  return { $schema, title, ...schema };
}

const REFERENCE = { type: 'string', pattern: '\\$\\{' };
const DESCRIBING = ['description', 'examples', 'title'];

/** A restricted text becomes: that, or a text with a reference in it. In place, as zod's hook wants it. */
function allowReferences(schema: Record<string, unknown>): void {
  if (schema.type !== 'string' || !('enum' in schema || 'pattern' in schema)) return;
  const rules = Object.entries(schema).filter(([key]) => !DESCRIBING.includes(key));
  for (const [key] of rules) delete schema[key];
  schema.anyOf = [Object.fromEntries(rules), REFERENCE];
}

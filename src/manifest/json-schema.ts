import * as z from 'zod';
import { EXTENSION_PREFIX, INTERPOLATED, manifestSchema } from './schema.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const SCHEMA_ID = 'urn:copernica-webhooks:manifest';

/**
 * The JSON Schema (draft 2020-12) of a manifest, for editors and other tools. Less strict than the check itself, which
 * also sees values of variables and compares entries.
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

const VARIABLE = {
  type: 'string',
  pattern: '\\$\\{WEBHOOKS_',
  description: 'Filled in from the environment, from a variable whose name begins with WEBHOOKS_.',
};

/** Descriptions of the value stay outside, where editors show them; its limits move into one of two choices. */
function allowVariables(jsonSchema: Record<string, unknown>): void {
  const about = new Set(['title', 'description', 'examples']);
  const limits = Object.entries(jsonSchema).filter(([key]) => !about.has(key));
  for (const [key] of limits) delete jsonSchema[key];
  const { anyOf, ...others } = Object.fromEntries(limits);
  jsonSchema.anyOf = [...(Array.isArray(anyOf) ? anyOf : [others]), VARIABLE];
}

import { manifestJsonSchema } from '../manifest/json-schema.js';
import type { CommandResult } from './command.js';

/** schema: prints the manifest's JSON Schema, for editors and other tools. */
export async function schemaCommand(): Promise<CommandResult> {
  return { text: `${JSON.stringify(manifestJsonSchema(), null, 2)}\n` };
}

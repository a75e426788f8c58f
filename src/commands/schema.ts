import { manifestJsonSchema } from '../manifest/json-schema.js';
import type { DocumentName } from '../output/document-names.js';
import { documentJsonSchema } from '../output/documents.js';
import type { CommandResult } from './command.js';

export interface SchemaOptions {
  readonly of: DocumentName | 'manifest';
}

/** schema: prints the JSON Schema of the manifest, or of a document that `--json` prints. */
export async function schemaCommand({ of }: SchemaOptions): Promise<CommandResult> {
  const schema = of === 'manifest' ? manifestJsonSchema() : documentJsonSchema(of);
  return { text: `${JSON.stringify(schema, null, 2)}\n` };
}

import type { Host } from '../host.js';
import { manifestJsonSchema } from '../manifest/schema.js';

/** schema: prints the manifest's JSON Schema, for editors and other tools. */
export async function schemaCommand(host: Host): Promise<number> {
  host.stdout.write(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
  return 0;
}

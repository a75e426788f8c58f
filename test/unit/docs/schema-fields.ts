/** A field of a document: `changes[].before.handler`. */
export interface Field {
  readonly path: string;
  /** What it may be, where that is a fixed list; `null` among it where it may be that. */
  readonly values: readonly string[];
}

type Schema = Readonly<Record<string, unknown>>;

/** The documents of which one is printed. */
export function variantsOf(root: Schema): Schema[] {
  return choicesOf(root, root);
}

/** Every field of one of the documents that a JSON Schema has, in its order. */
export function fieldsOf(root: Schema, variant: number): Field[] {
  const schema = variantsOf(root)[variant];
  return schema === undefined ? [] : walk(schema, '', root);
}

function walk(schema: Schema, path: string, root: Schema): Field[] {
  const found = new Map<string, Field>();
  for (const choice of choicesOf(schema, root)) {
    for (const field of walkChoice(choice, path, root)) found.set(field.path, field);
  }
  return [...found.values()];
}

function walkChoice(schema: Schema, path: string, root: Schema): Field[] {
  if (isSchema(schema.items)) return walk(schema.items, `${path}[]`, root);
  const named = Object.entries(isSchema(schema.properties) ? schema.properties : {});
  const keys = isSchema(schema.propertyNames) ? valuesOf(schema.propertyNames, root) : [];
  const counted = keys.map((key) => [key, {}] as const);
  return [...named, ...counted].flatMap(([name, field]) => {
    if (!isSchema(field)) return [];
    const at = path === '' ? name : `${path}.${name}`;
    return [{ path: at, values: valuesOf(field, root) }, ...walk(field, at, root)];
  });
}

function valuesOf(schema: Schema, root: Schema): string[] {
  return choicesOf(schema, root).flatMap((choice) => {
    if (choice.type === 'null') return ['null'];
    return 'const' in choice ? [String(choice.const)] : listOf(choice.enum).map(String);
  });
}

/** What `anyOf` and references stand for, however deep. */
function choicesOf(schema: Schema, root: Schema): Schema[] {
  const { $ref, anyOf } = schema;
  if (typeof $ref === 'string') {
    const definitions = isSchema(root.$defs) ? root.$defs : {};
    const target = definitions[$ref.slice('#/$defs/'.length)];
    return isSchema(target) ? choicesOf(target, root) : [];
  }
  if (!Array.isArray(anyOf)) return [schema];
  return anyOf.filter(isSchema).flatMap((choice) => choicesOf(choice, root));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

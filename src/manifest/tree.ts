import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Problem } from '../errors.js';
import { type Environment, interpolate } from './interpolate.js';
import { Places, quote } from './places.js';

/** What hostile YAML may cost at the most. */
export const TREE_LIMITS = { depth: 64, nodes: 1_000_000, merged: 1_000_000 };

/** A value with the offset at which it stands. Aliases are followed, merge keys merged, variables filled in. */
export type Tree = ScalarTree | ListTree | MapTree;
export interface ScalarTree {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null | bigint;
  readonly offset: number;
  /** Variables it is made of: its value is not to be shown then. */
  readonly used: readonly string[];
}
export interface ListTree {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly offset: number;
}
export interface MapTree {
  readonly kind: 'map';
  readonly fields: ReadonlyMap<string, Field>;
  readonly offset: number;
}
export interface Field {
  readonly value: Tree;
  /** Where the key stands. */
  readonly offset: number;
}

export interface ReadTree {
  /** Null: the text is empty, or no value can be made of it. */
  readonly tree: Tree | null;
  readonly problems: readonly Problem[];
  readonly environmentUsed: readonly string[];
  readonly places: Places;
}

const KNOWN_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq|merge)$/;

/** Reads YAML 1.2 text as a tree. Never throws for what is in the text. */
export function readTree(text: string, file: string, environment: Environment): ReadTree {
  const lines = new LineCounter();
  const places = new Places(file, text, lines);
  const failed = (problem: Problem): ReadTree => ({ tree: null, problems: [problem], environmentUsed: [], places });
  // The check for equal keys is quadratic in the keys of one mapping; the reader below has a linear one.
  const options = { lineCounter: lines, uniqueKeys: false, merge: true, version: '1.2', prettyErrors: false } as const;
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(
      places.problem(0, {
        code: 'yaml-depth',
        message: 'it is nested too deeply',
        remedy: 'a manifest has three levels',
      }),
    );
  }
  const problems = [...document.errors, ...document.warnings].map(({ pos, code, message }) =>
    places.problem(
      pos[0],
      code === 'MULTIPLE_DOCS' ? SEVERAL_DOCUMENTS : { code: 'yaml', message: message.split('\n')[0] ?? code },
    ),
  );
  const { version, explicit } = document.directives?.yaml ?? {};
  if (explicit === true && version !== '1.2') {
    problems.push(
      places.problem(0, {
        code: 'yaml-version',
        message: `YAML ${version} reads values otherwise`,
        remedy: 'leave the %YAML line out: YAML 1.2 it is',
      }),
    );
  }
  if (problems.length > 0 || document.contents === null) return { tree: null, problems, environmentUsed: [], places };
  const reader = new TreeReader(places, environment);
  const tree = reader.read(document.contents);
  return { tree, problems: reader.problems, environmentUsed: [...reader.used].sort(), places };
}

const SEVERAL_DOCUMENTS = {
  code: 'yaml-documents',
  message: 'a second document begins here',
  remedy: 'keep one document in a file, without ---',
};

class TreeReader {
  readonly problems: Problem[] = [];
  readonly used = new Set<string>();
  readonly #places: Places;
  readonly #environment: Environment;
  readonly #anchors = new Map<string, Node>();
  readonly #following = new Set<Node>();
  #nodes = 0;
  #isTooMuch = false;

  constructor(places: Places, environment: Environment) {
    this.#places = places;
    this.#environment = environment;
  }

  /** Null: there is a problem with it, which is noted. */
  read(node: Node | null, depth = 0): Tree | null {
    if (node === null) return null;
    const offset = node.range?.[0] ?? 0;
    if (this.#exceeds(offset, depth)) return null;
    if (isAlias(node)) return this.#follow(node.source, offset, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node.tag !== undefined && !KNOWN_TAGS.test(node.tag)) {
      return this.#problem(offset, 'yaml-tag', `tag ${quote(node.tag)} means nothing here`, 'leave it out');
    }
    // A node under way is not to be found in itself.
    this.#following.add(node);
    const tree = isMap(node)
      ? this.#map(node, depth)
      : isSeq(node)
        ? this.#list(node.items, offset, depth)
        : isScalar(node)
          ? this.#scalar(node)
          : null;
    this.#following.delete(node);
    return tree;
  }

  #exceeds(offset: number, depth: number): boolean {
    this.#nodes += 1;
    if (this.#isTooMuch) return true;
    if (depth > TREE_LIMITS.depth) {
      this.#problem(offset, 'yaml-depth', 'it is nested too deeply here', 'a manifest has three levels');
      return true;
    }
    if (this.#nodes <= TREE_LIMITS.nodes) return false;
    this.#isTooMuch = true;
    const remedy = `aliases included, there may be ${TREE_LIMITS.nodes} values`;
    this.#problem(offset, 'yaml-size', 'with its aliases followed the file is too large', remedy);
    return true;
  }

  #follow(name: string, offset: number, depth: number): Tree | null {
    const target = this.#anchors.get(name);
    if (target === undefined)
      return this.#problem(offset, 'yaml-alias', `there is no anchor ${quote(name)} before this`);
    if (this.#following.has(target)) {
      return this.#problem(offset, 'yaml-alias', `alias ${quote(name)} stands inside of what it stands for`);
    }
    return this.read(target, depth);
  }

  #list(items: readonly unknown[], offset: number, depth: number): Tree {
    const trees = items.map((item) => (isPair(item) ? null : this.read(item as Node | null, depth + 1)));
    return { kind: 'list', items: trees.filter((tree) => tree !== null), offset };
  }

  #map(map: YAMLMap, depth: number): Tree {
    const fields = new Map<string, Field>();
    const merged: Tree[] = [];
    for (const { key, value } of map.items) {
      const offset = (key as Node | null)?.range?.[0] ?? map.range?.[0] ?? 0;
      const name = isScalar(key) ? this.#keyText(key) : null;
      const tree = value === null ? nothing(offset) : this.read(value as Node, depth + 1);
      if (name === null) this.#problem(offset, 'yaml-key', 'a key must be a plain text');
      else if (name === '<<' && isPlain(key)) merged.push(...this.#mergeable(tree, offset));
      else if (fields.has(name)) {
        const first = this.#places.name(fields.get(name)?.offset ?? 0);
        this.#problem(
          offset,
          'duplicate-key',
          `${quote(name)} is there already`,
          `first at ${first}; keep one of them`,
        );
      } else if (tree !== null) fields.set(name, { value: tree, offset });
      else fields.set(name, { value: UNREADABLE, offset });
    }
    for (const tree of merged) this.#merge(tree, fields);
    return { kind: 'map', fields, offset: map.range?.[0] ?? 0 };
  }

  #keyText(key: Scalar): string | null {
    return typeof key.value === 'object' || typeof key.value === 'symbol' ? (key.source ?? '<<') : String(key.value);
  }

  #mergeable(tree: Tree | null, offset: number): Tree[] {
    const trees = tree?.kind === 'list' ? [...tree.items] : tree === null ? [] : [tree];
    if (trees.some(({ kind }) => kind !== 'map')) this.#problem(offset, 'yaml-merge', 'only mappings can be merged');
    return trees;
  }

  /** What is written out goes before what is merged, and what is merged first before the rest. */
  #merge(tree: Tree, fields: Map<string, Field>): void {
    if (tree.kind !== 'map') return;
    for (const [name, field] of tree.fields) {
      this.#nodes += 1;
      if (!fields.has(name)) fields.set(name, field);
    }
  }

  #scalar(scalar: Scalar): Tree | null {
    const offset = scalar.range?.[0] ?? 0;
    const { value } = scalar;
    if (typeof value !== 'string') return { kind: 'scalar', value: value as ScalarTree['value'], offset, used: [] };
    const filled = interpolate(value, this.#environment);
    if (!filled.ok) return this.#problem(offset, filled.code, filled.message, filled.remedy);
    for (const name of filled.used) this.used.add(name);
    return { kind: 'scalar', value: filled.value, offset, used: filled.used };
  }

  #problem(offset: number, code: string, message: string, remedy?: string): null {
    this.problems.push(this.#places.problem(offset, { code, message, remedy }));
    return null;
  }
}

/** Stands where a value was that a problem is noted for already: nothing more is said of it. */
export const UNREADABLE: ListTree = { kind: 'list', items: [], offset: -1 };

function nothing(offset: number): ScalarTree {
  return { kind: 'scalar', value: null, offset, used: [] };
}

function isPlain(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN';
}

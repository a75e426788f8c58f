import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import { type Findings, type Report, type Source, where } from './findings.js';
import { LIMITS } from './limits.js';

/** What each alias stands for. */
export type Aliases = ReadonlyMap<Alias, Node>;

export interface Field {
  readonly key: Scalar;
  readonly value: unknown;
}

const MERGE_KEY = '<<';
/** Of more anchors than this none is suggested: comparing each wrong alias with each anchor could take for ever. */
const MOST_SUGGESTIONS = 20;

/** Where a node stands in the text, comments after it left out. */
export function rangeOf(node: unknown): { readonly start: number; readonly end: number } {
  const range = isNode(node) ? node.range : undefined;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

/** What a node is, once aliases are followed. Undefined: the alias leads nowhere, which has been reported. */
export function resolve(node: unknown, aliases: Aliases): Node | null | undefined {
  if (isAlias(node)) return aliases.get(node);
  return isNode(node) ? node : null;
}

/**
 * The fields of a mapping by name, merge keys followed: its own go before merged ones, and of several merged mappings
 * the earlier goes before the later (https://yaml.org/type/merge.html).
 * Keys that are no text, or stand twice, have been reported before; of the latter the first counts.
 */
export function fieldsOf(map: YAMLMap, aliases: Aliases, report: Report): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  addFields(fields, map, aliases, report);
  return fields;
}

function addFields(fields: Map<string, Field>, map: YAMLMap, aliases: Aliases, report: Report): void {
  const merges: unknown[] = [];
  for (const { key, value } of map.items) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    if (key.value === MERGE_KEY && key.type === 'PLAIN') merges.push(value);
    else if (!fields.has(key.value)) fields.set(key.value, { key, value });
  }
  for (const merge of merges) {
    const merged = resolve(merge, aliases);
    for (const part of isSeq(merged) ? merged.items : [merge]) {
      const target = resolve(part, aliases);
      if (isMap(target)) addFields(fields, target, aliases, report);
      else if (target !== undefined) {
        const remedy = 'write <<: *name, where &name stands before a mapping, or <<: [*a, *b]';
        report({ code: 'bad-merge', message: 'only mappings can be merged', remedy, ...rangeOf(part) });
      }
    }
  }
}

/**
 * Looks at a whole tree once, in linear time: keys (text, each once in a mapping) and aliases (known, not part of what
 * they stand for, not multiplying into more than the tree may be). Null: it must not be read any further.
 */
export function checkTree(root: Node, source: Source, findings: Findings): Aliases | null {
  const check = new TreeCheck(source, findings);
  check.visit(root, 0);
  return check.isTooBig ? null : check.aliases;
}

class TreeCheck {
  readonly aliases = new Map<Alias, Node>();
  isTooBig = false;
  readonly #anchors = new Map<string, Node>();
  /** Anchored collections that are being walked: an alias to one of them would be endless. */
  readonly #open = new Set<Node>();
  /** How many nodes an anchored one has with its aliases written out. */
  readonly #sizes = new Map<Node, number>();
  readonly #source: Source;
  readonly #findings: Findings;

  constructor(source: Source, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  /** Returns the number of nodes with all aliases written out; `before`: those beside it. The depth is bounded. */
  visit(node: unknown, before: number): number {
    const size = isAlias(node) ? this.#visitAlias(node) : this.#visitWritten(node);
    if (before + size > LIMITS.expandedNodes && !this.isTooBig) {
      this.isTooBig = true;
      this.#findings.report({
        code: 'alias-bomb',
        message: `with its aliases written out, the manifest has more than ${LIMITS.expandedNodes} values`,
        remedy: 'use fewer aliases to values that hold aliases themselves',
        ...rangeOf(node),
      });
    }
    return size;
  }

  #visitWritten(node: unknown): number {
    const anchor = isNode(node) && !isAlias(node) ? node.anchor : undefined;
    if (anchor !== undefined && isNode(node)) {
      this.#anchors.set(anchor, node);
      this.#open.add(node);
    }
    let size = 1;
    if (isMap(node)) {
      this.#checkKeys(node.items);
      for (const { key, value } of node.items) {
        size += this.visit(key, size);
        size += this.visit(value, size);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) size += this.visit(item, size);
    }
    if (anchor !== undefined && isNode(node)) {
      this.#open.delete(node);
      this.#sizes.set(node, size);
    }
    return size;
  }

  #visitAlias(alias: Alias): number {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      const near = this.#suggestion(alias.source);
      const remedy = near === undefined ? 'an alias (*) stands after its anchor (&)' : `did you mean *${near}?`;
      const message = `no anchor ${quote(alias.source)} before this`;
      this.#findings.report({ code: 'unknown-alias', message, remedy, ...rangeOf(alias) });
    } else if (this.#open.has(target)) {
      const message = `alias ${quote(alias.source)} stands inside of what it stands for`;
      this.#findings.report({ code: 'endless-alias', message, remedy: 'write the values out', ...rangeOf(alias) });
    } else {
      this.aliases.set(alias, target);
      return this.#sizes.get(target) ?? 1;
    }
    return 1;
  }

  #suggestion(name: string): string | undefined {
    const isPointless = this.#findings.isFull || this.#anchors.size > MOST_SUGGESTIONS;
    return isPointless ? undefined : nearest(name, [...this.#anchors.keys()]);
  }

  #checkKeys(pairs: readonly Pair[]): void {
    const seen = new Map<string, number>();
    for (const { key } of pairs) {
      const { start, end } = rangeOf(key);
      if (!isScalar(key) || typeof key.value !== 'string') {
        const remedy = 'write plain text before the colon';
        this.#findings.report({ code: 'bad-key', message: 'the name of a field must be text', remedy, start, end });
        continue;
      }
      const first = seen.get(key.value);
      if (first === undefined) {
        seen.set(key.value, start);
        continue;
      }
      const message = `${quote(key.value)} stands twice in one mapping; first at ${where(first, this.#source)}`;
      const remedy = key.value === MERGE_KEY ? 'merge several mappings with <<: [*a, *b]' : 'remove one of them';
      this.#findings.report({ code: 'duplicate-key', message, remedy, start, end });
    }
  }
}

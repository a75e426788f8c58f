import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Report } from './findings.js';
import { LIMITS } from './limits.js';
import { quote } from './printable.js';
import { nearest } from './suggest.js';

/** What each alias stands for. */
export type Aliases = ReadonlyMap<Alias, Node>;

/** Of more anchors than this none is suggested: comparing each wrong alias with each anchor could take for ever. */
const MOST_SUGGESTIONS = 100;

/**
 * Looks at a whole tree once, in linear time: keys (text, each once in a mapping) and aliases (known, not part of what
 * they stand for, not multiplying into more than the tree may be). The tree may come in pieces, in their order.
 */
export class TreeCheck {
  readonly #aliases = new Map<Alias, Node>();
  #size = 0;
  #isTooBig = false;
  readonly #where: (offset: number) => string;
  #report: Report = () => {};
  readonly #anchors = new Map<string, Node>();
  /** Anchored collections that are being walked: an alias to one of them would be endless. */
  readonly #open = new Set<Node>();
  /** How many nodes an anchored one has with its aliases written out. */
  readonly #sizes = new Map<Node, number>();

  /** `where` tells a place in words: `webhooks.yaml:4:11`. */
  constructor(where: (offset: number) => string) {
    this.#where = where;
  }

  /** What each alias of the pieces so far stands for. */
  get aliases(): Aliases {
    return this.#aliases;
  }

  /** Looks at the next piece, or at the whole. False: it must not be read any further. */
  check(piece: Node, report: Report): boolean {
    this.#report = report;
    this.#size += this.#visitBounded(piece, this.#size);
    return !this.#isTooBig;
  }

  /** Returns the number of nodes with all aliases written out. The parser has bounded the depth of this recursion. */
  #visit(node: unknown): number {
    if (isAlias(node)) return this.#visitAlias(node);
    if (isScalar(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
      return 1;
    }
    if (!isMap(node) && !isSeq(node)) return 1;
    if (node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
      this.#open.add(node);
    }
    let size = 1;
    if (isMap(node)) {
      this.#checkKeys(node.items);
      for (const { key, value } of node.items) size += this.#visit(key) + this.#visitBounded(value, size);
    } else {
      for (const item of node.items) size += this.#visitBounded(item, size);
    }
    if (node.anchor !== undefined) {
      this.#open.delete(node);
      this.#sizes.set(node, size);
    }
    return size;
  }

  #visitBounded(node: unknown, before: number): number {
    const size = this.#visit(node);
    if (before + size > LIMITS.expandedNodes && !this.#isTooBig) {
      this.#isTooBig = true;
      this.#report({
        code: 'alias-bomb',
        message: `with its aliases written out, the manifest has more than ${LIMITS.expandedNodes} values`,
        remedy: 'use fewer aliases to values that hold aliases themselves',
        ...rangeOf(node),
      });
    }
    return size;
  }

  #visitAlias(alias: Alias): number {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      const near = this.#anchors.size > MOST_SUGGESTIONS ? undefined : nearest(alias.source, [...this.#anchors.keys()]);
      const remedy = near === undefined ? 'an alias (*) stands after its anchor (&)' : `did you mean *${near}?`;
      this.#report({
        code: 'unknown-alias',
        message: `no anchor ${quote(alias.source)} before this`,
        remedy,
        ...rangeOf(alias),
      });
      return 1;
    }
    if (this.#open.has(target)) {
      this.#report({
        code: 'endless-alias',
        message: `alias ${quote(alias.source)} stands inside of what it stands for`,
        remedy: 'write the values out',
        ...rangeOf(alias),
      });
      return 1;
    }
    this.#aliases.set(alias, target);
    return this.#sizes.get(target) ?? 1;
  }

  #checkKeys(pairs: readonly Pair[]): void {
    const seen = new Map<string, number>();
    for (const { key } of pairs) {
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#report({
          code: 'bad-key',
          message: 'the name of a field must be text',
          remedy: 'write plain text before the colon',
          ...rangeOf(key),
        });
        continue;
      }
      const { start, end } = rangeOf(key);
      const first = seen.get(key.value);
      if (first === undefined) {
        seen.set(key.value, start);
        continue;
      }
      const message = `${quote(key.value)} stands twice in one mapping; first at ${this.#where(first)}`;
      const remedy = key.value === MERGE_KEY ? 'merge several mappings with <<: [*a, *b]' : 'remove one of them';
      this.#report({ code: 'duplicate-key', message, remedy, start, end });
    }
  }
}

export const MERGE_KEY = '<<';

/** Where a node stands in the text, comments after it left out. */
export function rangeOf(node: unknown): { readonly start: number; readonly end: number } {
  const range = isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

/** What a node is, once aliases are followed. Undefined: the alias leads nowhere, which checkTree has reported. */
export function resolve(node: unknown, aliases: Aliases): Node | null | undefined {
  if (isAlias(node)) return aliases.get(node);
  return isScalar(node) || isMap(node) || isSeq(node) ? node : null;
}

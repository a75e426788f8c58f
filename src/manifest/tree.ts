import { type Alias, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, Scalar, YAMLMap } from 'yaml';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import type { Report } from './findings.js';
import { LIMITS } from './limits.js';
import { type Range, type Source, where } from './source.js';

const MERGE_KEY = '<<';
/** With more anchors than this, none is suggested: comparing each wrong alias with each anchor could take for ever. */
const MOST_SUGGESTIONS = 20;

/** Where a node is in the text, without comments after it. */
export function rangeOf(node: unknown): Range {
  const range = isNode(node) ? node.range : undefined;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

/** Marks a value that could not be read. That has been reported, so nothing more is said about it. */
export function isBroken(node: unknown): boolean {
  return isScalar(node) && node.value === undefined;
}

/**
 * Makes a tree plain, in place and in linear time: aliases are replaced by what they stand for, and merged mappings
 * give their fields (https://yaml.org/type/merge.html). Keys are then texts, each once in a mapping. What can't be made
 * plain is reported. False: with its aliases expanded the tree is too big, and must not be read any further.
 */
export function resolveTree(root: Node, source: Source, report: Report): boolean {
  const resolver = new Resolver(source, report);
  resolver.resolve(root);
  return !resolver.isTooBig;
}

class Resolver {
  readonly #anchors = new Map<string, Node>();
  /** Anchored collections that are being walked: an alias to one of them would never end. */
  readonly #open = new Set<Node>();
  /** How many nodes an anchored node has with its aliases expanded. */
  readonly #sizes = new Map<Node, number>();
  /** Nodes so far, with their aliases expanded. */
  #count = 0;
  isTooBig = false;
  readonly #source: Source;
  readonly #report: Report;

  constructor(source: Source, report: Report) {
    this.#source = source;
    this.#report = report;
  }

  /** Returns what replaces the node. The depth is bounded. */
  resolve(node: unknown): unknown {
    if (this.isTooBig) return node;
    const resolved = isAlias(node) ? this.#targetOf(node) : this.#written(node);
    if (this.#count > LIMITS.expandedNodes && !this.isTooBig) {
      this.isTooBig = true;
      const message = `with its aliases expanded, the file has more than ${LIMITS.expandedNodes} values`;
      const remedy = 'use fewer aliases to values that contain aliases themselves';
      this.#report({ code: 'alias-bomb', message, remedy, ...rangeOf(node) });
    }
    return resolved;
  }

  #written(node: unknown): unknown {
    const before = this.#count;
    this.#count += 1;
    const anchored = isNode(node) && !isAlias(node) && node.anchor !== undefined ? node : null;
    if (anchored?.anchor !== undefined) this.#anchors.set(anchored.anchor, anchored);
    if (anchored !== null) this.#open.add(anchored);
    if (isMap(node)) node.items = this.#fields(node.items);
    else if (isSeq(node)) node.items = node.items.map((item) => this.#item(item));
    if (anchored !== null) {
      this.#open.delete(anchored);
      this.#sizes.set(anchored, this.#count - before);
    }
    return node;
  }

  /** A mapping in several lists is a separate entry in each: its place is that of the alias. */
  #item(item: unknown): unknown {
    const resolved = this.resolve(item);
    if (!isAlias(item) || !isMap(resolved)) return resolved;
    const copy = new YAMLMap();
    copy.items = resolved.items;
    copy.range = item.range ?? null;
    return copy;
  }

  /** Its own fields override merged ones, and an earlier merged mapping overrides a later one. */
  #fields(pairs: readonly Pair[]): Pair[] {
    const fields = new Map<string, Pair>();
    const places = new Map<string, number>();
    const merges: unknown[] = [];
    for (const pair of pairs) {
      const { key } = pair;
      this.resolve(key);
      pair.value = this.resolve(pair.value);
      const range = rangeOf(key);
      if (!isScalar(key) || typeof key.value !== 'string') {
        const remedy = 'write plain text before the colon';
        this.#report({ code: 'bad-key', message: 'the name of a field must be text', remedy, ...range });
        continue;
      }
      const first = places.get(key.value);
      const isMerge = key.value === MERGE_KEY && key.type === 'PLAIN';
      if (first !== undefined) {
        const message = `${quote(key.value)} appears twice in one mapping; first at ${where(first, this.#source)}`;
        const remedy = isMerge ? 'merge several mappings with <<: [*a, *b]' : 'remove one of them';
        this.#report({ code: 'duplicate-key', message, remedy, ...range });
        continue;
      }
      places.set(key.value, range.start);
      if (isMerge) merges.push(...(isSeq(pair.value) ? pair.value.items : [pair.value]));
      else fields.set(key.value, pair);
    }
    for (const merged of merges) this.#merge(merged, fields);
    return [...fields.values()];
  }

  #merge(merged: unknown, fields: Map<string, Pair>): void {
    if (isMap(merged)) {
      for (const pair of merged.items) {
        const name = String(isScalar(pair.key) ? pair.key.value : '');
        if (!fields.has(name)) fields.set(name, pair);
      }
    } else if (!isBroken(merged) && !this.isTooBig) {
      const remedy = 'write <<: *name, where &name stands before a mapping, or <<: [*a, *b]';
      this.#report({ code: 'bad-merge', message: 'only mappings can be merged', remedy, ...rangeOf(merged) });
    }
  }

  #targetOf(alias: Alias): Node {
    const name = alias.source;
    const target = this.#anchors.get(name);
    this.#count += target === undefined ? 1 : (this.#sizes.get(target) ?? 1);
    if (target !== undefined && !this.#open.has(target)) return target;
    if (target !== undefined) {
      const message = `alias ${quote(name)} is part of the value that it refers to`;
      this.#report({ code: 'endless-alias', message, remedy: 'write the values out', ...rangeOf(alias) });
    } else {
      const near = this.#anchors.size > MOST_SUGGESTIONS ? undefined : nearest(name, [...this.#anchors.keys()]);
      const remedy = near === undefined ? 'an alias (*) must come after its anchor (&)' : `did you mean *${near}?`;
      const message = `no anchor ${quote(name)} before this`;
      this.#report({ code: 'unknown-alias', message, remedy, ...rangeOf(alias) });
    }
    const broken = new Scalar(undefined);
    broken.range = alias.range ?? null;
    return broken;
  }
}

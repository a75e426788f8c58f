import { Composer, type CST, type Node } from 'yaml';

/** How the YAML library reads a manifest: version 1.2, and no other types than those of JSON. */
export const COMPOSER_OPTIONS = {
  version: '1.2',
  schema: 'core',
  resolveKnownTags: false,
  // The library compares each key with every other one of its mapping; tree.ts does it in linear time.
  uniqueKeys: false,
} as const;

/** Reads a long list piece by piece, so that neither its tokens nor its nodes pile up: most of what reading costs. */
export interface Pieces {
  /** The list is cut whenever so many of its items are finished. */
  readonly items: number;
  /**
   * Takes a piece: the pairs before the list as a mapping, once; then its items as sequences. False: it was told that
   * something is wrong, and nothing more is wanted.
   */
  take(piece: Node): boolean;
}

/** The last items may still get lines and comments: the parser reaches for both of them. */
const UNFINISHED_ITEMS = 2;

/** Cuts finished items off the list of a top-level field while the parser is still at it. */
export class Cutter {
  readonly #field: string;
  readonly #pieces: Pieces;
  /** The list that was begun to be cut, of which the parser knows the end only. */
  #list: CST.BlockSequence | null = null;

  constructor(field: string, pieces: Pieces) {
    this.#field = field;
    this.#pieces = pieces;
  }

  /** Whether something was handed on that what is left of the document lacks. */
  get hasCut(): boolean {
    return this.#list !== null;
  }

  /** Looks at what the parser has in hand. False: there is something wrong, and reading on is of no use. */
  cut([document, map, list]: readonly CST.Token[]): boolean {
    if (list?.type !== 'block-seq' || list.items.length < this.#pieces.items + UNFINISHED_ITEMS) return true;
    if (map?.type !== 'block-map' || document?.type !== 'document') return true;
    if (this.#list === null) {
      if (!isPlainField(map.items.at(-1), this.#field)) return true;
      this.#list = list;
      const before = map.items.slice(0, -1);
      if (before.length > 0 && !this.#take(document, { ...map, items: before })) return false;
    }
    if (this.#list !== list) return true;
    const finished = list.items.splice(0, list.items.length - UNFINISHED_ITEMS);
    return this.#take(document, { ...list, items: finished });
  }

  #take(document: CST.Document, value: CST.BlockMap | CST.BlockSequence): boolean {
    const token: CST.Document = { type: 'document', offset: document.offset, start: [], value };
    for (const { contents, errors, warnings } of new Composer(COMPOSER_OPTIONS).compose([token])) {
      if (contents === null || errors.length + warnings.length > 0 || !this.#pieces.take(contents)) return false;
    }
    return true;
  }
}

/** The field is written by its plain name, and its list has neither anchor nor tag, which would be about the whole. */
function isPlainField(pair: CST.BlockMap['items'][number] | undefined, field: string): boolean {
  const { key, start = [], sep = [] } = pair ?? {};
  if (key?.type !== 'scalar' || key.source !== field) return false;
  return [...start, ...sep].every(({ type }) => ['space', 'newline', 'comment', 'map-value-ind'].includes(type));
}

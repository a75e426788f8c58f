import { createHash } from 'node:crypto';
import { ProductError } from '../errors.js';
import { type FileContent, readManifest } from './files.js';
import { type Environment, type Hidden, interpolator } from './interpolate.js';
import { joinFiles, type ParsedFile, type ParsedManifest, parseFile } from './parse.js';

export type ValidManifest = Extract<ParsedManifest, { readonly ok: true }>;

/** The result of one look at the files of a manifest. */
export interface Look {
  /** Equal for equal content, and for content that can't be read for the same reason. */
  readonly identity: string;
  /** Parses the content. Nothing is thrown: the result also describes failures. */
  parse(): ParsedManifest;
}

/** A manifest: a file, or a folder of files. Each file is parsed again only if it has changed. */
export class ManifestLoader {
  readonly #path: string;
  readonly #parse: (file: string, text: string) => ParsedFile;
  #known: ReadonlyMap<string, { readonly text: string; readonly parsed: ParsedFile }> = new Map();

  /** `path`: as the user gave it. */
  constructor(path: string, env: Environment, hidden: Hidden) {
    const interpolate = interpolator(env, hidden);
    this.#path = path;
    this.#parse = (file, text) => parseFile(file, text, interpolate);
  }

  /** Reads the files as they are now. */
  look(): Look {
    const contents = readManifest(this.#path);
    const hash = createHash('sha256');
    for (const { file, text, problem } of contents) {
      hash
        .update(JSON.stringify([file, problem]))
        .update(text ?? '')
        .update('\0');
    }
    return { identity: hash.digest('hex'), parse: () => this.#parsed(contents) };
  }

  read(): ParsedManifest {
    return this.look().parse();
  }

  /** Throws ProductError of kind `input` with every problem. */
  load(): ValidManifest {
    const manifest = this.read();
    if (!manifest.ok) throw new ProductError('input', manifest.problems);
    return manifest;
  }

  #parsed(contents: readonly FileContent[]): ParsedManifest {
    const known = new Map<string, { readonly text: string; readonly parsed: ParsedFile }>();
    const files = contents.map(({ file, text, problem }): ParsedFile => {
      if (text === null) return { file, candidates: [], removed: [], errors: [problem], warnings: [] };
      const before = this.#known.get(file);
      const parsed = before?.text === text ? before.parsed : this.#parse(file, text);
      known.set(file, { text, parsed });
      return parsed;
    });
    this.#known = known;
    return joinFiles(files);
  }
}

/** Reads a manifest once. Throws ProductError of kind `input` with every problem. */
export function loadValidManifest(path: string, env: Environment, hidden: Hidden): ValidManifest {
  return new ManifestLoader(path, env, hidden).load();
}

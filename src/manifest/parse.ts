import type { Problem } from '../errors.js';
import type { LimitName, ManifestEntry } from '../webhook.js';
import { checkAcross } from './across.js';
import { readCandidates } from './candidates.js';
import type { Candidate, NamedLimit } from './entry.js';
import { toProblems } from './findings.js';
import { frame } from './frame.js';
import { type Environment, type Hidden, interpolator, NOTHING_HIDDEN } from './interpolate.js';
import { indexLines, type LineIndex } from './places.js';

export interface ManifestSource {
  /** Path of the file as the user gave it, for messages. */
  readonly file: string;
  readonly env: Environment;
  /** Left out: nothing but what the names of variables tell. */
  readonly hidden?: Hidden;
  /** Items of a long list that are read at a time. The outcome is the same whatever it is. */
  readonly itemsPerPiece?: number;
}

/** What a text came to. Problems and warnings are in the order of the text; `problems` holds errors and warnings. */
export type ParsedManifest =
  | {
      readonly ok: true;
      readonly entries: readonly ManifestEntry[];
      readonly warnings: readonly Problem[];
      /** Names of the variables that the entries refer to, sorted: the manifest means something else when they change. */
      readonly environmentUsed: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const BYTE_ORDER_MARK = '\ufeff';

/** Reads a manifest: YAML → tree → entries → checks across entries. Finds every problem at once and never throws. */
export function parseManifest(manifest: string, source: ManifestSource): ParsedManifest {
  const { file, env, hidden = NOTHING_HIDDEN } = source;
  const text = manifest.startsWith(BYTE_ORDER_MARK) ? manifest.slice(1) : manifest;
  const lines = indexLines(text);
  const where = (offset: number) => {
    const { line, column } = lines.placeOf(offset);
    return `${file}:${line}:${column}`;
  };
  const tools = { where, interpolate: interpolator(env, hidden), itemsPerPiece: source.itemsPerPiece };
  const { candidates, findings, variables } = readCandidates(text, tools);
  checkAcross(candidates, findings.report, where);
  const problems = toProblems(findings, file, lines);
  if (findings.errors.length > 0) return { ok: false, problems };
  const entries = candidates.flatMap((candidate) => toEntry(candidate, lines) ?? []);
  return { ok: true, entries, warnings: problems, environmentUsed: [...variables].sort() };
}

function toEntry({ name, spec, start }: Candidate, lines: LineIndex): ManifestEntry | null {
  if (name === undefined || spec === undefined) return null;
  const { database, collection, ...rest } = spec;
  const limits = {
    ...(database === undefined ? undefined : { database: limitOf(database, lines) }),
    ...(collection === undefined ? undefined : { collection: limitOf(collection, lines) }),
  };
  return { name, spec: { ...rest, ...limits }, ...lines.placeOf(start) };
}

function limitOf(limit: number | NamedLimit, lines: LineIndex): number | LimitName {
  if (typeof limit === 'number') return limit;
  const { name, shown, start, end } = limit;
  const place = lines.placeOf(start);
  return { name, shown, ...place, frame: frame(lines.lineText(place.line), place, end - start) };
}

import { isScalar, type Node } from 'yaml';
import type { Problem } from '../errors.js';
import type { LimitName, ManifestEntry } from '../webhook.js';
import { checkAcross } from './across.js';
import { type Candidate, type NamedLimit, readEntry } from './entry.js';
import { collectFindings, type Finding, type Findings, type Report, toProblems } from './findings.js';
import { frame } from './frame.js';
import { type Environment, type Hidden, type Interpolate, interpolator, NOTHING_HIDDEN } from './interpolate.js';
import { indexLines, type LineIndex } from './places.js';
import { EMPTY_FILE, findEntries } from './top-level.js';
import { checkTree, rangeOf } from './tree.js';
import type { Reading } from './value.js';
import { readYaml } from './yaml-text.js';

export interface ManifestSource {
  /** Path of the file as the user gave it, for messages. */
  readonly file: string;
  readonly env: Environment;
  /** Left out: nothing but what the names of variables tell. */
  readonly hidden?: Hidden;
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
  const findings = collectFindings();
  const variables = new Set<string>();
  const candidates = readCandidates(text, { findings, where, interpolate: interpolator(env, hidden), variables });
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

interface Tools {
  readonly findings: Findings;
  readonly where: (offset: number) => string;
  readonly interpolate: Interpolate;
  readonly variables: Set<string>;
}

function readCandidates(text: string, { findings, where, interpolate, variables }: Tools): Candidate[] {
  const { report } = findings;
  const yaml = readYaml(text, report);
  if (yaml === null) return [];
  const { contents, unsoundFrom } = yaml;
  if (contents === null || isEmpty(contents)) {
    if (unsoundFrom === null) report({ ...EMPTY_FILE, start: 0, end: 0 });
    return [];
  }
  // Where the shape can't be trusted, only the parser's own errors are told, and what stands well before them.
  const doubtful: Finding[] = [];
  const tell: Report = unsoundFrom === null ? report : (finding) => doubtful.push(finding);
  const aliases = checkTree(contents, { report: tell, where });
  if (aliases === null) {
    for (const finding of doubtful) report(finding);
    return [];
  }
  const items = findEntries(contents, aliases, tell);
  const readable = unsoundFrom === null ? items : items.filter((item) => rangeOf(item).end <= unsoundFrom).slice(0, -1);
  const trustedUpTo = rangeOf(readable.at(-1)).end;
  for (const finding of doubtful) if (finding.start < trustedUpTo) report(finding);
  const reading: Reading = {
    aliases,
    report,
    isFull: findings.isFull,
    text,
    interpolate,
    variables,
    filledIn: new Map(),
  };
  return readable.flatMap((item) => (findings.isFull() ? [] : (readEntry(item, reading) ?? [])));
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

import { isScalar, isSeq, type Node } from 'yaml';
import { type Candidate, readEntry } from './entry.js';
import { collectFindings, type Finding, type Findings, type Report } from './findings.js';
import type { Interpolate } from './interpolate.js';
import { Cutter } from './pieces.js';
import { EMPTY_FILE, ENTRIES_FIELD, findEntries } from './top-level.js';
import { rangeOf, TreeCheck } from './tree.js';
import type { Reading } from './value.js';
import { readYaml, type YamlReading } from './yaml-text.js';

/** Items of `webhooks` that are read at a time where there are many: few enough to be let go of while they are young. */
const ITEMS_PER_PIECE = 64;

export interface CandidateTools {
  /** A place in words: `webhooks.yaml:4:11`. */
  readonly where: (offset: number) => string;
  readonly interpolate: Interpolate;
  readonly itemsPerPiece?: number | undefined;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  readonly findings: Findings;
  /** Names of the variables that were filled in. */
  readonly variables: ReadonlySet<string>;
}

/**
 * Reads the entries of a text as far as they can be read, and finds what is wrong with each.
 *
 * A long list is read in pieces, which takes less time and half the memory. Where anything is wrong it is read again as
 * a whole: only that tells what an error of syntax further down leaves to be trusted.
 */
export function readCandidates(
  text: string,
  { itemsPerPiece = ITEMS_PER_PIECE, ...tools }: CandidateTools,
): Candidates {
  const { isAbandoned, ...inPieces } = readBy(itemsPerPiece, text, tools);
  return isAbandoned ? readBy(Number.POSITIVE_INFINITY, text, tools) : inPieces;
}

function readBy(itemsPerPiece: number, text: string, { where, interpolate }: CandidateTools) {
  const findings = collectFindings();
  const variables = new Set<string>();
  const { report, isFull } = findings;
  const tree = new TreeCheck(where);
  const reading = { aliases: tree.aliases, report, isFull, text, interpolate, variables, filledIn: new Map() };
  const candidates: Candidate[] = [];
  const take = (piece: Node) => {
    if (tree.check(piece, report) && isSeq(piece)) candidates.push(...readItems(piece.items, reading));
    return findings.errors.length === 0;
  };
  const cutter = new Cutter(ENTRIES_FIELD, { items: itemsPerPiece, take });
  const yaml = readYaml(text, { report, cutter });
  if (yaml !== null) candidates.push(...readRest(yaml, reading, tree));
  const isAbandoned = cutter.hasCut && (yaml === null || findings.errors.length > 0);
  return { candidates, findings, variables, isAbandoned };
}

/** What was not read in pieces, which is nearly always the whole. */
function readRest({ contents, unsoundFrom }: YamlReading, reading: Reading, tree: TreeCheck): Candidate[] {
  const { report } = reading;
  if (contents === null || isEmpty(contents)) {
    if (unsoundFrom === null) report({ ...EMPTY_FILE, start: 0, end: 0 });
    return [];
  }
  // Where the shape can't be trusted, only the parser's own errors are told, and what stands well before them.
  const doubtful: Finding[] = [];
  const tell: Report = unsoundFrom === null ? report : (finding) => doubtful.push(finding);
  if (!tree.check(contents, tell)) {
    for (const finding of doubtful) report(finding);
    return [];
  }
  const items = findEntries(contents, tree.aliases, tell);
  const readable = unsoundFrom === null ? items : items.filter((item) => rangeOf(item).end <= unsoundFrom).slice(0, -1);
  const trustedUpTo = rangeOf(readable.at(-1)).end;
  for (const finding of doubtful) if (finding.start < trustedUpTo) report(finding);
  return readItems(readable, reading);
}

function readItems(items: readonly unknown[], reading: Reading): Candidate[] {
  return items.flatMap((item) => (reading.isFull() ? [] : (readEntry(item, reading) ?? [])));
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

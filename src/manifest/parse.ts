import { type Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Problem } from '../errors.js';
import { nearest } from '../text/suggest.js';
import { counted } from '../text/words.js';
import type { FormerName, ManifestEntry } from '../webhook.js';
import { checkAcross } from './across.js';
import { boundsProblem } from './bounds.js';
import {
  type Candidate,
  fillIn,
  formerName,
  type Mention,
  mentionOf,
  plain,
  type Reading,
  readEntry,
} from './entry.js';
import { type Finding, Findings, moreProblems } from './findings.js';
import type { Interpolate } from './interpolate.js';
import { reportIssues } from './issues.js';
import { LIMITS } from './limits.js';
import { EXTENSION_PREFIX, IF_NONE, TOP_LEVEL_FIELDS, topLevelSchema } from './schema.js';
import { sourceOf } from './source.js';
import { parseYaml, syntaxError, unsupportedTags } from './syntax.js';
import { rangeOf, resolveTree } from './tree.js';

/** The result of parsing one file of a manifest. */
export interface ParsedFile {
  /** Path as the user gave it, for messages. */
  readonly file: string;
  readonly candidates: readonly Candidate[];
  /** What is listed under `removed`. */
  readonly removed: readonly Mention[];
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** The result of parsing a manifest. Problems and warnings are in the order of the text; `problems` has both. */
export type ParsedManifest =
  | {
      readonly ok: true;
      /** Number of files. */
      readonly files: number;
      readonly entries: readonly ManifestEntry[];
      /** Names in the state whose webhooks are to be deleted. */
      readonly removed: readonly FormerName[];
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const BYTE_ORDER_MARK = '\ufeff';

/** Combines the files of a manifest, and checks what concerns several entries. */
export function joinFiles(files: readonly ParsedFile[]): ParsedManifest {
  const candidates = files.flatMap((file) => file.candidates);
  const removed = files.flatMap((file) => file.removed);
  const across = checkAcross(candidates, removed);
  const errors = [...files.flatMap((file) => file.errors), ...across];
  const warnings = files.flatMap((file) => file.warnings);
  const told = [...errors.slice(0, LIMITS.problems), ...warnings.slice(0, LIMITS.problems)];
  const problems = files.flatMap(({ file }) => told.filter((problem) => problem.file === file).sort(byPlace));
  if (told.length < errors.length + warnings.length) {
    problems.push(moreProblems(files[0]?.file ?? '', errors.length > 0 ? 'error' : 'warning'));
  }
  if (errors.length > 0) return { ok: false, problems };
  const entries = candidates.flatMap(({ entry }) => entry ?? []);
  return { ok: true, files: files.length, entries, removed: removed.map(formerName), warnings: problems };
}

function byPlace(a: Problem, b: Problem): number {
  const [line = 0, otherLine = 0, column = 0, otherColumn = 0] = [a.line, b.line, a.column, b.column];
  return line - otherLine || column - otherColumn;
}

/** Reads the text of one file: YAML → plain tree → entries. Reports all problems at once and never throws. */
export function parseFile(file: string, text: string, interpolate: Interpolate): ParsedFile {
  const source = sourceOf(file, text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  const findings = new Findings(source);
  const reading: Reading = { source, findings, interpolate, filledIn: new Set() };
  const candidates: Candidate[] = [];
  const { items, removed } = readLists(reading);
  for (const item of items) {
    const candidate = findings.isFull ? null : readEntry(item, reading);
    if (candidate !== null) candidates.push(candidate);
  }
  return { file, candidates, removed, errors: findings.errors, warnings: findings.warnings };
}

interface Lists {
  /** What is listed under `webhooks`. */
  readonly items: readonly unknown[];
  readonly removed: readonly Mention[];
}

const NOTHING: Lists = { items: [], removed: [] };

function readLists(reading: Reading): Lists {
  const { source } = reading;
  const { report } = reading.findings;
  const refusal = boundsProblem(source.text);
  if (refusal !== null) {
    report(refusal);
    return NOTHING;
  }
  const document = parseYaml(source.text);
  const { contents } = document;
  if (!looksLikeManifest(contents)) {
    report({ ...whyNoManifest(document), withoutFrame: true });
    return NOTHING;
  }
  const error = syntaxError(document, source);
  if (error !== null) {
    report(error);
    return NOTHING;
  }
  for (const tag of unsupportedTags(document, source)) report(tag);
  if (!resolveTree(contents, source, report)) return NOTHING;
  // The schema need not know fields that are not read.
  contents.items = contents.items.filter(({ key }) => !String(isScalar(key) && key.value).startsWith(EXTENSION_PREFIX));
  const removed = contents.get('removed', true);
  if (isSeq(removed)) fillIn(removed, reading, report);
  const issues = topLevelSchema.safeParse(plain(contents, 2)).error?.issues ?? [];
  const bad = reportIssues(contents, issues, { known: TOP_LEVEL_FIELDS, place: rangeOf(contents), report });
  const webhooks = contents.get('webhooks', true);
  return {
    items: isSeq(webhooks) ? webhooks.items : [],
    removed:
      isSeq(removed) && !bad.has('removed') ? removed.items.flatMap((item) => mentionOf(item, source) ?? []) : [],
  };
}

/** If not, it is somebody else's file and perhaps private: no line of it is shown. */
function looksLikeManifest(contents: Node | null): contents is YAMLMap {
  if (!isMap(contents)) return false;
  return contents.items.some(({ key }) => isScalar(key) && nearest(String(key.value), ['webhooks']) !== undefined);
}

function whyNoManifest({ contents, errors: [error] }: Document): Finding {
  const { start } = rangeOf(contents);
  if (error !== undefined && error.code !== 'MULTIPLE_DOCS') {
    const remedy = 'check the path; a manifest begins with webhooks: and lists the entries below it';
    return { code: 'yaml-syntax', message: 'this is not YAML', remedy, start: error.pos[0], end: error.pos[1] };
  }
  if (contents === null || (isScalar(contents) && contents.value === null && contents.source === '')) {
    return { code: 'empty-manifest', message: 'the manifest is empty', remedy: IF_NONE, start: 0, end: 0 };
  }
  if (isMap(contents)) {
    return { code: 'missing-field', message: 'webhooks is missing', remedy: IF_NONE, start, end: start };
  }
  const remedy = isSeq(contents)
    ? 'put webhooks: above the list, and indent the list below it'
    : 'begin with webhooks: and list the entries below it';
  const message = 'a manifest is a mapping with the field webhooks';
  return { code: 'bad-manifest', message, remedy, start, end: start + 1 };
}

/** How much a valid manifest holds, and what came of checking it: `2 webhooks in 2 files, no problems`. */
export function verdictOn({ entries, files, warnings }: Extract<ParsedManifest, { readonly ok: true }>): string {
  const webhooks = counted(entries.length, 'webhook') + (files === 1 ? '' : ` in ${files} files`);
  return `${webhooks}, ${warnings.length === 0 ? 'no problems' : `no errors, ${counted(warnings.length, 'warning')}`}`;
}

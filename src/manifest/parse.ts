import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Problem } from '../errors.js';
import { nearest } from '../text/suggest.js';
import { type ManifestEntry, maskHandler } from '../webhook.js';
import { checkAcross } from './across.js';
import { checkBounds } from './bounds.js';
import { type Candidate, readEntry } from './entry.js';
import { type Finding, Findings, placeOf, type Report, type Source, sourceOf } from './findings.js';
import { type Environment, type Hidden, interpolator, NOTHING_HIDDEN } from './interpolate.js';
import { explainIssue, unknownField } from './issues.js';
import { EXTENSION_PREFIX, IF_NONE, topLevelSchema } from './schema.js';
import { reportSyntax } from './syntax.js';
import { type Aliases, checkTree, fieldsOf, rangeOf, resolve } from './tree.js';
import type { Reading } from './value.js';

export interface ManifestSource {
  /** Path of the file as the user gave it, for messages. */
  readonly file: string;
  readonly env: Environment;
  /** Left out: nothing. */
  readonly hidden?: Hidden;
}

/** What a text came to. Problems and warnings are in the order of the text; `problems` holds errors and warnings. */
export type ParsedManifest =
  | {
      readonly ok: true;
      readonly entries: readonly ManifestEntry[];
      readonly warnings: readonly Problem[];
      /** Names of the variables that the entries refer to, sorted: other values of them make it another manifest. */
      readonly environmentUsed: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const BYTE_ORDER_MARK = '\ufeff';
/** The field that lists the entries. */
const ENTRIES_FIELD = 'webhooks';

/** Reads a manifest: YAML → tree → entries → checks across entries. Finds every problem at once and never throws. */
export function parseManifest(
  manifest: string,
  { file, env, hidden = NOTHING_HIDDEN }: ManifestSource,
): ParsedManifest {
  const source = sourceOf(file, manifest.startsWith(BYTE_ORDER_MARK) ? manifest.slice(1) : manifest);
  const findings = new Findings();
  const variables = new Set<string>();
  const interpolate = interpolator(env, hidden);
  const candidates = readCandidates(source, findings, { interpolate, variables, filledIn: new Map() });
  checkAcross(candidates, source, findings.report);
  const problems = findings.toProblems(source);
  if (findings.errors.length > 0) return { ok: false, problems };
  const entries = candidates.flatMap((candidate) => toEntry(candidate, source) ?? []);
  return { ok: true, entries, warnings: problems, environmentUsed: [...variables].sort() };
}

function toEntry({ name, spec, writtenHandler, start }: Candidate, source: Source): ManifestEntry | null {
  if (name === undefined || spec === undefined) return null;
  const written = writtenHandler === maskHandler(spec.handler) ? {} : { handlerAsWritten: writtenHandler };
  return { name, spec, ...written, ...placeOf(start, source) };
}

type Filling = Pick<Reading, 'interpolate' | 'variables' | 'filledIn'>;

/** The entries as far as they can be read. */
function readCandidates(source: Source, findings: Findings, filling: Filling): Candidate[] {
  const { text } = source;
  const { refusal, directives } = checkBounds(text);
  if (refusal !== null) {
    findings.report(refusal);
    return [];
  }
  const document = parseYaml(text);
  const { contents } = document;
  if (!looksLikeManifest(contents)) {
    findings.report({ ...whyNoManifest(document), withoutFrame: true });
    return [];
  }
  for (const directive of directives) findings.report(directive);
  const unsoundFrom = reportSyntax(document, source, findings.report);
  // Where the shape can't be trusted, only the library's own errors are told, and what stands well before them.
  const doubtful = unsoundFrom === null ? findings : new Findings();
  const aliases = checkTree(contents, source, doubtful);
  if (aliases === null) return [];
  let items = itemsOf(contents, aliases, doubtful.report);
  if (unsoundFrom !== null) {
    items = items.filter((item) => rangeOf(item).end <= unsoundFrom).slice(0, -1);
    const trustedUpTo = rangeOf(items.at(-1)).end;
    for (const finding of doubtful.errors) if (finding.start < trustedUpTo) findings.report(finding);
  }
  const reading = { source, aliases, findings, ...filling };
  return items.flatMap((item) => (findings.isFull ? [] : (readEntry(item, reading) ?? [])));
}

/** As YAML 1.2, and no other types than those of JSON. */
function parseYaml(text: string): Document {
  // The library makes an Error of each mistake, and a hostile text has hundreds of thousands: with their stacks they
  // would take a minute and a gigabyte.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      prettyErrors: false,
      // The library compares each key with every other one of its mapping; `checkTree` does it in linear time.
      uniqueKeys: false,
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Any other file is somebody else's, perhaps not meant to be seen: no line of it is shown. */
function looksLikeManifest(contents: Node | null): contents is YAMLMap {
  if (!isMap(contents)) return false;
  return contents.items.some(({ key }) => isScalar(key) && nearest(String(key.value), [ENTRIES_FIELD]) !== undefined);
}

function whyNoManifest({ contents, errors: [error] }: Document): Finding {
  const { start } = rangeOf(contents);
  if (error !== undefined && error.code !== 'MULTIPLE_DOCS') {
    const remedy = 'check the path; a manifest begins with webhooks: and lists the entries below it';
    return { code: 'yaml-syntax', message: 'this is no YAML', remedy, start: error.pos[0], end: error.pos[1] };
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

/** The items under `webhooks`, by this or a misspelt name; what else is at the top level is reported. */
function itemsOf(contents: YAMLMap, aliases: Aliases, report: Report): readonly unknown[] {
  const fields = fieldsOf(contents, aliases, report);
  const webhooks = fields.get(ENTRIES_FIELD);
  const list = resolve(webhooks?.value, aliases);
  const value = isSeq(list) ? list.items : isScalar(list) ? list.value : list;
  const input: Record<string, unknown> = Object.create(null);
  for (const name of fields.keys()) if (!name.startsWith(EXTENSION_PREFIX)) input[name] = value;
  for (const issue of topLevelSchema.safeParse(input).error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) {
        report({ ...unknownField(name, [ENTRIES_FIELD]), ...rangeOf(fields.get(name)?.key) });
      }
    } else if (webhooks !== undefined && value !== undefined) {
      // Where an alias leads nowhere, that has been reported.
      report({ ...explainIssue(issue, { value }), ...rangeOf(value === null ? webhooks.key : list) });
    }
  }
  return isSeq(list) ? list.items : [];
}

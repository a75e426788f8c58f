import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Problem } from '../errors.js';
import type { DesiredWebhook } from '../webhook.js';
import { checkAcross } from './across.js';
import { type Candidate, readEntry } from './entry.js';
import { fieldsOf } from './fields.js';
import { collectFindings, type Findings, type Report, toProblems } from './findings.js';
import { type Environment, interpolator } from './interpolate.js';
import { indexLines } from './places.js';
import { quote } from './printable.js';
import { EXTENSION_PREFIX } from './schema.js';
import { nearest } from './suggest.js';
import { type Aliases, checkTree, rangeOf, resolve } from './tree.js';
import type { Reading } from './value.js';
import { readYaml } from './yaml-text.js';

export interface ManifestSource {
  /** Path of the file as the user gave it, for messages. */
  readonly file: string;
  readonly env: Environment;
}

/** What a text came to. Problems and warnings are in the order of the text; `problems` holds errors and warnings. */
export type ParsedManifest =
  | {
      readonly ok: true;
      readonly entries: readonly DesiredWebhook[];
      readonly warnings: readonly Problem[];
      /** Names of the variables that the entries refer to, sorted: the manifest means something else when they change. */
      readonly environmentUsed: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const BYTE_ORDER_MARK = '\ufeff';

/** Reads a manifest: YAML → tree → entries → checks across entries. Finds every problem at once and never throws. */
export function parseManifest(manifest: string, { file, env }: ManifestSource): ParsedManifest {
  const text = manifest.startsWith(BYTE_ORDER_MARK) ? manifest.slice(1) : manifest;
  const lines = indexLines(text);
  const where = (offset: number) => {
    const { line, column } = lines.placeOf(offset);
    return `${file}:${line}:${column}`;
  };
  const findings = collectFindings();
  const variables = new Set<string>();
  const candidates = readCandidates(text, { findings, where, env, variables });
  checkAcross(candidates, findings.report, where);
  const problems = toProblems(findings, file, lines);
  if (findings.errors.length > 0) return { ok: false, problems };
  const entries = candidates.flatMap(({ name, spec, start }) =>
    name === undefined || spec === undefined ? [] : [{ name, spec, ...lines.placeOf(start) }],
  );
  return { ok: true, entries, warnings: problems, environmentUsed: [...variables].sort() };
}

interface Tools {
  readonly findings: Findings;
  readonly where: (offset: number) => string;
  readonly env: Environment;
  readonly variables: Set<string>;
}

function readCandidates(text: string, { findings, where, env, variables }: Tools): Candidate[] {
  const { report } = findings;
  const yaml = readYaml(text, report);
  if (yaml === null) return [];
  const { contents, soundUpTo } = yaml;
  const sound = soundUpTo === text.length;
  if (contents === null || isEmpty(contents)) {
    if (sound) report({ ...EMPTY_FILE, start: 0, end: 0 });
    return [];
  }
  // Where the shape can't be trusted, what follows from it is not told: only the parser's own errors are.
  const aliases = checkTree(contents, { report: sound ? report : () => {}, where });
  if (aliases === null) return [];
  const items = findEntries(contents, aliases, sound ? report : () => {});
  const reading: Reading = {
    aliases,
    report,
    isFull: findings.isFull,
    text,
    interpolate: interpolator(env),
    variables,
  };
  const readable = sound ? items : items.filter((item) => rangeOf(item).end <= soundUpTo).slice(0, -1);
  return readable.flatMap((item) => (findings.isFull() ? [] : (readEntry(item, reading) ?? [])));
}

const EMPTY_FILE = {
  code: 'empty-manifest',
  message: 'the manifest is empty',
  remedy: 'if there shall be no webhooks at all, write webhooks: []',
};

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

/** The items under `webhooks`; what else is at the top level is reported. */
function findEntries(contents: Node, aliases: Aliases, report: Report): readonly unknown[] {
  if (!isMap(contents)) {
    const remedy = isSeq(contents)
      ? 'put webhooks: above the list, and indent the list below it'
      : 'begin with webhooks: and list the entries below it';
    const { start } = rangeOf(contents);
    report({
      code: 'bad-manifest',
      message: 'a manifest is a mapping with the field webhooks',
      remedy,
      start,
      end: start + 1,
    });
    return [];
  }
  const fields = fieldsOf(contents, aliases, report);
  for (const [name, { key }] of fields) {
    if (name === 'webhooks' || name.startsWith(EXTENSION_PREFIX)) continue;
    const near = nearest(name, ['webhooks']);
    const remedy =
      near === undefined
        ? `known is webhooks; fields that begin with ${EXTENSION_PREFIX} are yours, for anchors`
        : `did you mean ${near}?`;
    report({ code: 'unknown-field', message: `unknown field ${quote(name)}`, remedy, ...rangeOf(key) });
  }
  const webhooks = fields.get('webhooks');
  if (webhooks === undefined) {
    report({ code: 'missing-field', message: 'webhooks is missing', remedy: EMPTY_FILE.remedy, start: 0, end: 0 });
    return [];
  }
  const list = resolve(webhooks.value, aliases);
  if (isSeq(list)) return list.items;
  if (list === null || (list !== undefined && isScalar(list) && list.value === null)) {
    report({
      code: 'empty-field',
      message: 'webhooks has no value',
      remedy: EMPTY_FILE.remedy,
      ...rangeOf(webhooks.key),
    });
  } else if (list !== undefined) {
    const remedy = 'begin each entry with a dash: - name: …';
    const { start } = rangeOf(webhooks.value);
    report({ code: 'bad-manifest', message: 'webhooks must be a list', remedy, start, end: start + 1 });
  }
  return [];
}

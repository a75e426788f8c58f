// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { type Node, visit, type YAMLError } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Finding, Report } from './findings.js';
import { cut, quote } from './printable.js';

/** Errors that leave the shape of the document alone: what is around them can still be checked. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set([
  'ALIAS_PROPS',
  'BAD_ALIAS',
  'BAD_DQ_ESCAPE',
  'BAD_PROP_ORDER',
  'BAD_SCALAR_START',
  'KEY_OVER_1024_CHARS',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_TAGS',
  'TAG_RESOLVE_FAILED',
]);

const REMEDIES: Readonly<Record<string, string>> = {
  BAD_INDENT: 'check the indentation of this line and of the one before',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'check the indentation; a value with a colon and a space in it wants quotes',
  MISSING_CHAR: 'check the quotes, brackets and colons here and just before',
  MULTILINE_IMPLICIT_KEY: 'check that this line and the one before have a colon after the field’s name',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag: a manifest holds only text, numbers, lists and mappings',
  UNEXPECTED_TOKEN: 'check the quotes, brackets and indentation here and just before',
};

const LONGEST_LINE_LOOKED_AT_CHARS = 1_000;
/** Some of the parser's messages quote the text at length. */
const LONGEST_MESSAGE_CHARS = 160;

export interface ParsedText {
  readonly contents: Node | null;
  readonly text: string;
  readonly report: Report;
}

/** Reports what the parser found; returns the offset from which the shape of the document can't be trusted, if any. */
export function reportErrors(errors: readonly YAMLError[], { contents, text, report }: ParsedText): number | null {
  let firstUnsound: number | null = null;
  let toldUpTo = -1;
  const placed = placeOpenQuotes(errors, contents).toSorted((a, b) => a.start - b.start);
  for (const { code, message, start, end } of placed) {
    if (!LOCAL_ERRORS.has(code)) {
      // One slip often gives several errors in its line, and tokens further down that are then unexpected.
      if (start <= toldUpTo || (code === 'UNEXPECTED_TOKEN' && firstUnsound !== null)) continue;
      firstUnsound ??= start;
      toldUpTo = lineEnd(text, start);
    }
    const remedy = variableInFlow(text, start) ? 'inside [ ] and { } put "${NAME}" in quotes' : REMEDIES[code];
    const error =
      code === 'TAG_RESOLVE_FAILED'
        ? syntaxError('unsupported-tag', `tag ${quote(text.slice(start, end))} is not supported`, start, end)
        : syntaxError('yaml-syntax', sentence(message), start, end);
    report(remedy === undefined ? error : { ...error, remedy });
  }
  return firstUnsound;
}

interface PlacedError {
  readonly code: string;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** The parser misses a quote where it gave up looking for it, which can be the end of the file: point at its opening. */
function placeOpenQuotes(errors: readonly YAMLError[], contents: Node | null): PlacedError[] {
  const missesQuote = ({ message }: YAMLError) => /^Missing closing .quote/.test(message);
  const openings = new Map<number, number>();
  if (contents !== null && errors.some(missesQuote)) {
    visit(contents, {
      Scalar(_key, { type, range }) {
        if (range && (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE')) openings.set(range[1], range[0]);
      },
    });
  }
  return errors.map((error) => {
    const { code, message, pos } = error;
    const opening = missesQuote(error) ? openings.get(pos[0]) : undefined;
    if (opening === undefined) return { code, message, start: pos[0], end: pos[1] };
    return { code, message: 'this quote is not closed', start: opening, end: opening + 1 };
  });
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

/** `[${A}, ${B}]` is no YAML: inside a flow collection `{` opens a mapping. */
function variableInFlow(text: string, offset: number): boolean {
  // Cut first: a line may be the whole file, and be looked at for each of its errors.
  const before = text.slice(Math.max(0, offset - LONGEST_LINE_LOOKED_AT_CHARS), offset);
  const after = text.slice(offset, offset + LONGEST_LINE_LOOKED_AT_CHARS);
  const line = before.slice(before.lastIndexOf('\n') + 1) + after.slice(0, lineEnd(after, 0));
  return /(^|[^$])[[{][^"']*\$\{/.test(line);
}

function sentence(message: string): string {
  const text = cut(message.split('\n')[0] ?? '', LONGEST_MESSAGE_CHARS);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** About how the text is written rather than what it says. */
export function syntaxError(code: ProblemCode, message: string, start: number, end: number): Finding {
  return { code, message, start, end, syntax: true };
}

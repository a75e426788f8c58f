// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { type Document, visit, type YAMLError } from 'yaml';
import { cut, quote } from '../text/printable.js';
import { type Finding, lineRange, placeOf, type Report, type Source } from './findings.js';
import { wrongIndentation } from './indentation.js';
import { LIMITS } from './limits.js';

/** Errors that leave the shape of the document alone: what is around them can still be checked. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set([
  'ALIAS_PROPS',
  'BAD_ALIAS',
  'BAD_DQ_ESCAPE',
  'BAD_PROP_ORDER',
  'BAD_SCALAR_START',
  'KEY_OVER_1024_CHARS',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_DOCS',
  'MULTIPLE_TAGS',
  'TAG_RESOLVE_FAILED',
]);

const REMEDIES: Readonly<Record<string, string>> = {
  BAD_INDENT: 'check the brackets and the indentation here and just before',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value with ": " in it in quotes, or check the indentation',
  MISSING_CHAR: 'check the quotes, brackets and colons here and just before',
  MULTILINE_IMPLICIT_KEY: 'write a colon and a space after it, as in name: value',
  TAB_AS_INDENT: 'indent with spaces',
  UNEXPECTED_TOKEN: 'check the quotes, brackets and indentation here and just before',
};

/** Where the library's own words are for those who know the grammar of YAML. */
const MESSAGES: Readonly<Record<string, string>> = {
  'Implicit keys need to be on a single line': 'the name of this field has no colon with a space after it',
  'Nested mappings are not allowed in compact mappings': 'a second ": " in one line',
};

const LONGEST_LINE_LOOKED_AT_CHARS = 1_000;
/** Some of the library's messages quote the text at length. */
const LONGEST_MESSAGE_CHARS = 160;

/** Reports what the library found; returns the offset from which the shape of the document can't be trusted, if any. */
export function reportSyntax(document: Document, source: Source, report: Report): number | null {
  let firstUnsound: number | null = null;
  let toldUpTo = -1;
  let told = 0;
  const openings = openingQuotes(document);
  const errors = [...document.errors, ...document.warnings.filter(({ code }) => code !== 'BAD_DIRECTIVE')];
  for (const error of errors.sort((a, b) => a.pos[0] - b.pos[0])) {
    const [start] = error.pos;
    if (!LOCAL_ERRORS.has(error.code)) {
      // One slip often gives several errors in its line, and tokens further down that are then unexpected.
      if (start <= toldUpTo || (firstUnsound !== null && isConsequence(error))) continue;
      firstUnsound ??= start;
      toldUpTo = lineRange(placeOf(start, source).line, source)[1];
    }
    told += 1;
    if (told > LIMITS.problems) {
      const message = `more than ${LIMITS.problems} errors of syntax up to here`;
      report({ code: 'too-many-errors', message, start, end: start, syntax: true });
      break;
    }
    report({ ...explained(error, openings, source), syntax: true });
  }
  return firstUnsound;
}

function isConsequence({ code, message }: YAMLError): boolean {
  return code === 'UNEXPECTED_TOKEN' || message.startsWith('Sequence item without');
}

function explained(error: YAMLError, openings: ReadonlyMap<number, number>, source: Source): Finding {
  const [start, end] = error.pos;
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return {
        code: 'several-documents',
        message: 'a manifest is one YAML document, and here begins another',
        remedy: 'put all entries under one `webhooks`, or make two files',
        start,
        end: start + 3,
      };
    case 'TAG_RESOLVE_FAILED':
      return {
        code: 'unsupported-tag',
        message: `tag ${quote(source.text.slice(start, end))} is not supported`,
        remedy: 'remove the tag: a manifest holds only text, numbers, lists and mappings',
        start,
        end,
      };
    default: {
      if (variableInFlow(start, source)) {
        const remedy = 'inside [ ] and { } put "${NAME}" in quotes';
        return { code: 'yaml-syntax', message: sentence(error.message), remedy, start, end };
      }
      const opening = isOpenQuote(error) ? openings.get(start) : undefined;
      if (opening !== undefined) {
        const remedy = 'close it at the end of the value';
        const message = 'this quote is not closed';
        return { code: 'yaml-syntax', message, remedy, start: opening, end: opening + 1 };
      }
      const remedy = REMEDIES[error.code] ?? 'check the quotes, brackets and indentation here and just before';
      const otherwise: Finding = { code: 'yaml-syntax', message: sentence(error.message), remedy, start, end };
      return wrongIndentation(error, source) ?? otherwise;
    }
  }
}

function isOpenQuote({ message }: YAMLError): boolean {
  return /^Missing closing .quote/.test(message);
}

/** Where quoted texts begin, by where they end: the library misses a quote where it gave up looking for it. */
function openingQuotes(document: Document): ReadonlyMap<number, number> {
  const openings = new Map<number, number>();
  if (!document.errors.some(isOpenQuote)) return openings;
  visit(document, {
    Scalar(_key, { range, type }) {
      if (range && (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE')) openings.set(range[1], range[0]);
    },
  });
  return openings;
}

/** `[${A}, ${B}]` is no YAML: inside a flow collection `{` opens a mapping. */
function variableInFlow(offset: number, source: Source): boolean {
  // Cut first: a line may be the whole file, and be looked at for each of its errors.
  const [lineStart, lineEnd] = lineRange(placeOf(offset, source).line, source);
  const from = Math.max(lineStart, offset - LONGEST_LINE_LOOKED_AT_CHARS);
  const line = source.text.slice(from, Math.min(lineEnd, offset + LONGEST_LINE_LOOKED_AT_CHARS));
  const before = line.slice(0, Math.max(0, line.indexOf('${')));
  const bracket = Math.max(before.lastIndexOf('['), before.lastIndexOf('{'));
  return bracket !== -1 && !/["']/.test(before.slice(bracket));
}

function sentence(message: string): string {
  const text = MESSAGES[message] ?? cut(message.split('\n')[0] ?? '', LONGEST_MESSAGE_CHARS);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { type Document, parseDocument, type YAMLError } from 'yaml';
import { cut, quote } from '../text/printable.js';
import type { Finding } from './findings.js';
import { wrongIndentation } from './indentation.js';
import { lineRange, placeOf, type Source } from './source.js';

/** YAML 1.2 with only the types of JSON. */
export function parseYaml(text: string): Document {
  // The library makes an Error of each mistake, and a hostile text has hundreds of thousands: their stacks would take a
  // minute and a gigabyte.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      prettyErrors: false,
      // The library compares each key with every other key of its mapping; `resolveTree` does this in linear time.
      uniqueKeys: false,
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The first error, since what follows it may not be what it seems. Null: there is none. */
export function syntaxError({ errors }: Document, source: Source): Finding | null {
  const [first] = errors.filter(isSyntax).sort((a, b) => a.pos[0] - b.pos[0]);
  return first === undefined ? null : explained(first, source);
}

/** Tags do not change the shape of a document, so the rest of it can be checked. */
export function unsupportedTags({ errors, warnings }: Document, { text }: Source): Finding[] {
  return [...errors, ...warnings]
    .filter((error) => !isSyntax(error))
    .map(({ pos: [start, end] }) => ({
      code: 'unsupported-tag',
      message: `tag ${quote(text.slice(start, end))} is not supported`,
      remedy: 'remove the tag: only text, numbers, lists and mappings are known here',
      start,
      end,
    }));
}

function isSyntax({ code }: YAMLError): boolean {
  return code !== 'TAG_RESOLVE_FAILED';
}

/** What to do, if not the usual. */
const REMEDIES: Readonly<Record<string, string>> = {
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value with ": " in it in quotes, or check the indentation',
  MULTILINE_IMPLICIT_KEY: 'write a colon and a space after it, as in name: value',
  TAB_AS_INDENT: 'indent with spaces',
};
const USUAL_REMEDY = 'check the quotes, brackets and indentation here and just before';

/** Replaces messages of the library that only experts in YAML's grammar understand. */
const MESSAGES: Readonly<Record<string, string>> = {
  'Implicit keys need to be on a single line': 'the name of this field has no colon with a space after it',
  'Nested mappings are not allowed in compact mappings': 'a second ": " in one line',
};
/** Some of the library's messages quote the text at length. */
const LONGEST_MESSAGE_CHARS = 160;
/** A line may be the whole file. */
const LONGEST_LINE_LOOKED_AT_CHARS = 1_000;

function explained(error: YAMLError, source: Source): Finding {
  const [start, end] = error.pos;
  if (error.code === 'MULTIPLE_DOCS') {
    return {
      code: 'several-documents',
      message: 'a file is one YAML document, but another one starts here',
      remedy: 'make one document of it, or two files',
      start,
      end: start + 3,
    };
  }
  const syntax = (message: string, remedy: string, at = start, upTo = end): Finding => {
    return { code: 'yaml-syntax', message, remedy, start: at, end: upTo };
  };
  const words = MESSAGES[error.message] ?? cut(error.message.split('\n', 1)[0] ?? '', LONGEST_MESSAGE_CHARS);
  const message = words.charAt(0).toLowerCase() + words.slice(1);
  if (hasVariableInFlow(start, source)) return syntax(message, 'inside [ ] and { } put "${NAME}" in quotes');
  const openQuote = /^Missing closing (["'])/.exec(error.message)?.[1];
  if (openQuote !== undefined) {
    const at = source.text.lastIndexOf(openQuote, start - 1);
    return syntax('this quote is not closed', 'close it at the end of the value', at, at + 1);
  }
  return wrongIndentation(error, source) ?? syntax(message, REMEDIES[error.code] ?? USUAL_REMEDY);
}

/** `[${A}, ${B}]` is not valid YAML: inside a flow collection `{` opens a mapping. */
function hasVariableInFlow(offset: number, source: Source): boolean {
  const [start, end] = lineRange(placeOf(offset, source).line, source);
  const from = Math.max(start, offset - LONGEST_LINE_LOOKED_AT_CHARS);
  const line = source.text.slice(from, Math.min(end, offset + LONGEST_LINE_LOOKED_AT_CHARS));
  return /[[{][^"']*$/.test(line.slice(0, Math.max(0, line.indexOf('${'))));
}

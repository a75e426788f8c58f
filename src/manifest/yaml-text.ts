// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { Composer, type CST, Lexer, type Node, Parser, type YAMLError } from 'yaml';
import type { Finding, Report } from './findings.js';
import { LIMITS } from './limits.js';
import { cut, quote } from './printable.js';

/** What YAML allows in a text, without the byte order mark's other uses. https://yaml.org/spec/1.2.2/#51-character-set */
const NOT_ALLOWED = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

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
};

const LONGEST_LINE_LOOKED_AT_CHARS = 1_000;
/** Some of the parser's messages quote the text at length. */
const LONGEST_MESSAGE_CHARS = 160;

export interface YamlReading {
  readonly contents: Node | null;
  /** The shape of the document can be trusted up to this offset. */
  readonly soundUpTo: number;
}

/**
 * Text → syntax tree, as YAML 1.2 core, with errors reported. Null: too broken or too big to go on.
 * `text` is without byte order mark.
 */
export function readYaml(text: string, report: Report): YamlReading | null {
  const clean = text.replace(NOT_ALLOWED, (character, offset: number) => {
    report(syntaxError('control-character', `character ${hex(character)} is not allowed in YAML`, offset, offset + 1));
    return '\ufffd';
  });
  const tokens = boundedTokens(clean, report);
  if (tokens === null) return null;
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    // The library compares each key with every other one of its mapping; tree.ts does it in linear time.
    uniqueKeys: false,
  });
  try {
    stopAfterErrors(composer, LIMITS.problems);
    for (const { contents, errors, warnings } of composer.compose(tokens, true, clean.length)) {
      return { contents, soundUpTo: reportErrors([...errors, ...warnings], clean, report) };
    }
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error;
    const { errors, warnings } = composer.streamInfo();
    reportErrors([...errors, ...warnings], clean, report);
    const [start, end] = errors.at(-1)?.pos ?? [0, 0];
    report(syntaxError('too-many-errors', `more than ${LIMITS.problems} errors of syntax up to here`, start, end));
  }
  return null;
}

class TooManyErrors extends Error {}

/**
 * The parser keeps an object of two kilobytes for each error, and 10 MiB can hold five million of them. It offers no
 * limit, so this reaches for a method that its types keep private; the test of a text full of errors holds it in place.
 */
function stopAfterErrors(composer: Composer, most: number): void {
  const inside = composer as unknown as { onError: (...args: unknown[]) => void };
  const { onError } = inside;
  let count = 0;
  inside.onError = (...args) => {
    count += 1;
    if (count > most) throw new TooManyErrors();
    onError(...args);
  };
}

/**
 * The tokens of the first document; null when there are too many or they are nested too deep, which is reported then.
 * Composing recurses, so depth has to be known before.
 */
function boundedTokens(text: string, report: Report): CST.Token[] | null {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  let parts = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'error' || token.type === 'directive' || token.type === 'document') parts += 1;
    }
    // What follows would only be more of the same errors.
    if (parts > LIMITS.problems) break;
    lexemes += 1;
    const tooDeep = parser.stack.length > LIMITS.nestingLevels;
    if (!tooDeep && lexemes <= LIMITS.lexemes) continue;
    const message = tooDeep
      ? `nested more than ${LIMITS.nestingLevels} levels deep`
      : `more than ${LIMITS.lexemes} words and marks`;
    report({
      ...syntaxError('too-complex', message, parser.offset, parser.offset + 1),
      remedy: tooDeep ? 'a manifest needs six levels: check the brackets and dashes' : 'make several manifests of it',
    });
    return null;
  }
  for (const token of parser.end()) tokens.push(token);
  return withoutDirectives(tokens, report);
}

/** What is left is one document under the rules of YAML 1.2. */
function withoutDirectives(tokens: readonly CST.Token[], report: Report): CST.Token[] {
  let documents = 0;
  return tokens.filter((token) => {
    if (token.type === 'document') {
      documents += 1;
      if (documents === 2) report(secondDocument(token.offset));
    } else if (token.type === 'directive' && !/^%YAML[ \t]+1\.2[ \t\r]*$/.test(token.source)) {
      report(refusedDirective(token));
      return false;
    }
    return documents < 2;
  });
}

function secondDocument(offset: number): Finding {
  return {
    ...syntaxError('several-documents', 'a manifest is one YAML document, and here begins another', offset, offset + 3),
    remedy: 'put all entries under one `webhooks`, or make two files',
  };
}

/** Under YAML 1.1 `on` would be a truth value and 0777 an octal number: types must not change in silence. */
function refusedDirective({ source, offset }: CST.Directive): Finding {
  const message = `directive ${quote(source.trim())} is not supported`;
  return {
    ...syntaxError('unsupported-directive', message, offset, offset + source.length),
    remedy: 'remove the line: a manifest is YAML 1.2',
  };
}

/** Reports what the parser found; returns the offset up to which the shape of the document can be trusted. */
function reportErrors(errors: readonly YAMLError[], text: string, report: Report): number {
  let soundUpTo = text.length;
  let toldUpTo = -1;
  for (const { code, message, pos } of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const [start, end] = pos;
    if (!LOCAL_ERRORS.has(code)) {
      soundUpTo = Math.min(soundUpTo, start);
      // One slip often gives several errors in its line.
      if (start <= toldUpTo) continue;
      toldUpTo = lineEnd(text, start);
    }
    const remedy = variableInFlow(text, start) ? 'inside [ ] and { } put "${NAME}" in quotes' : REMEDIES[code];
    report({
      ...syntaxError(code === 'TAG_RESOLVE_FAILED' ? 'unsupported-tag' : 'yaml-syntax', sentence(message), start, end),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
  return soundUpTo;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

/** `[${A}, ${B}]` is no YAML: inside a flow collection `{` opens a mapping. */
function variableInFlow(text: string, offset: number): boolean {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(start, Math.min(lineEnd(text, offset), start + LONGEST_LINE_LOOKED_AT_CHARS));
  return /[[{,]\s*[^\s"']*\$\{/.test(line);
}

function sentence(message: string): string {
  const text = cut(message.split('\n')[0] ?? '', LONGEST_MESSAGE_CHARS);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function hex(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function syntaxError(code: string, message: string, start: number, end: number): Finding {
  return { code, message, start, end, syntax: true };
}

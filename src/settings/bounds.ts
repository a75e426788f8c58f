import { Lexer, Parser } from 'yaml';

/** What a settings file may cost to read: it can come from a stranger's pull request, as a manifest can. */
export const SETTINGS_LIMITS = {
  /** Smallest pieces of YAML text. A thousand accounts of eight keys have 50,000. */
  lexemes: 100_000,
  /** It needs four. Far deeper ones overflow the parser's stack. */
  nestingLevels: 20,
  /** Problems that are told; of more than that, only that there are more. */
  problems: 100,
  /** Of the parser's messages. */
  messageChars: 160,
} as const;

export interface TooComplex {
  readonly offset: number;
  readonly message: string;
}

/** Why a text would cost too much to compose, and from where on; null: it wouldn't. Takes linear time and keeps nothing. */
export function tooComplex(text: string, limits: typeof SETTINGS_LIMITS = SETTINGS_LIMITS): TooComplex | null {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme)) {
      // Only its depth is of interest here.
    }
    lexemes += 1;
    const at = { offset: Math.max(0, parser.offset - lexeme.length) };
    if (parser.stack.length > limits.nestingLevels) {
      return { ...at, message: `nested more than ${limits.nestingLevels} levels deep` };
    }
    if (lexemes > limits.lexemes) return { ...at, message: `more than ${limits.lexemes} words and marks` };
  }
  return null;
}

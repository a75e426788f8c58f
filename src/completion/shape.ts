/** The command line as data: what completions and the reference are made from. */
export interface ProgramShape {
  readonly name: string;
  readonly description: string;
  /** Of the program itself: help and version. */
  readonly options: readonly OptionShape[];
  readonly commands: readonly CommandShape[];
}

export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly operands: readonly OperandShape[];
}

/** What may follow: nothing, a path, one of some words, an entry's name, or a text that nobody can guess. */
export type ValueShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'path' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'entry' }
  | { readonly kind: 'text' };

export interface OptionShape {
  /** As help shows it: `-f, --file <path>`. */
  readonly flags: string;
  /** `-f`. Null: there is none. */
  readonly short: string | null;
  /** `--file`. */
  readonly long: string;
  readonly description: string;
  readonly value: ValueShape;
  readonly repeats: boolean;
  /** Not in help: the --no- form of a switch. */
  readonly hidden: boolean;
}

export interface OperandShape {
  readonly name: string;
  readonly description: string;
  readonly value: ValueShape;
  readonly required: boolean;
}

/** A description short enough for a list of completions: without what stands in brackets, or after a semicolon. */
export function brief(description: string): string {
  return description.split(/ \(|; /)[0] ?? '';
}

/** Every way to write an option: `-f`, `--file`. */
export function spellings(option: OptionShape): string[] {
  return option.short === null ? [option.long] : [option.short, option.long];
}

/** Where a command takes something without a flag, what that is; the first of it where there is more. */
export function operandValue(command: CommandShape): ValueShape {
  return command.operands[0]?.value ?? { kind: 'none' };
}

/**
 * What any sh runs to tell the names of entries, of manifest and state. Loosely, by their look: a Tab must answer at
 * once, and starting the program takes longer than that.
 */
export const ENTRY_NAMES_COMMAND = [
  `sed -n -e '/^ *#/d' -e 's/^.*[^A-Za-z_-]name"\\{0,1\\}:[^A-Za-z0-9._-]*\\([A-Za-z0-9._-]*\\).*/\\1/p'`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's notation.
  '"${COPERNICA_WEBHOOKS_FILE:-webhooks.yaml}" "${COPERNICA_WEBHOOKS_STATE:-webhooks.state.jsonl}" 2>/dev/null | sort -u',
].join(' ');

import { type FailureKind, type Problem, ProductError, productError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { exitCodeOf } from '../output/exit-code.js';
import { problemsMarkdown } from '../output/markdown.js';
import { problemLists } from '../output/plan-json.js';
import { formatProblem, githubAnnotation } from '../output/problems.js';
import { printableJson } from '../text/printable.js';

/** Values of `--format` other than text. */
export type OutputFormat = 'github' | 'markdown';

/** What the command line said. */
export interface Invocation {
  readonly command: string;
  /** Settings given as flags: setting name → text. */
  readonly flags: ReadonlyMap<string, string>;
  /** From --config. */
  readonly settingsFile: string | undefined;
  /** From --account. */
  readonly account: string | undefined;
  readonly output: 'text' | 'json' | OutputFormat;
}

/** What a command reports when it has come to its end. */
export interface CommandResult {
  /** For `--json`: the whole document, except `errors` and `warnings`. */
  readonly document?: object;
  /** For people, on stdout. */
  readonly text?: string;
  readonly problems?: readonly Problem[];
  /** How the failures end the program; none: all is well. */
  readonly failures?: readonly FailureKind[];
  /** Replaces 0 if nothing went wrong. */
  readonly exitCode?: number;
}

/**
 * Runs a command's body and prints its result in the chosen form: results to stdout, problems to stderr. Returns the
 * exit code. An error that is not a ProductError is a bug of this program and passes through.
 */
export async function execute(
  host: Host,
  output: Invocation['output'],
  body: () => Promise<CommandResult>,
): Promise<number> {
  const result = await body().catch((error: unknown) => {
    if (error instanceof ProductError) return failedResult(error);
    throw error;
  });
  print(host, output, { ...result, problems: withoutSecrets(result.problems ?? [], host) });
  return exitCodeOf(result);
}

/** A problem quotes what the user wrote, which may be a token in the wrong place. */
function withoutSecrets(problems: readonly Problem[], host: Host): Problem[] {
  const { redact } = host.secrets;
  return problems.map((problem) => ({
    ...problem,
    message: redact(problem.message),
    ...(problem.file === undefined ? {} : { file: redact(problem.file) }),
    ...(problem.name === undefined ? {} : { name: redact(problem.name) }),
    ...(problem.frame === undefined ? {} : { frame: redact(problem.frame) }),
    ...(problem.remedy === undefined ? {} : { remedy: redact(problem.remedy) }),
  }));
}

/** For a request that is impossible whatever the settings say. */
export function usageError(message: string): ProductError {
  return productError('input', { code: 'usage', message, remedy: 'see --help' });
}

/** The result of a command that failed as a whole. */
export function failedResult(error: ProductError): CommandResult {
  return { problems: error.problems, failures: [error.kind] };
}

function print(
  host: Host,
  output: Invocation['output'],
  { document: own = {}, text = '', problems = [] }: CommandResult,
): void {
  if (output === 'json') {
    const document = Array.isArray(own) ? own : { ...own, ...problemLists(problems) };
    // Value by value: a token of digits must not hide part of a number.
    const hide = (_key: string, value: unknown) => (typeof value === 'string' ? host.secrets.hide(value) : value);
    host.stdout.write(`${printableJson(JSON.stringify(document, hide, 2))}\n`);
    return;
  }
  if (output === 'markdown') {
    // A comment that shows no plan must say why.
    const parts = [text, problemsMarkdown(problems)].filter((part) => part !== '');
    host.stdout.write(host.secrets.hide(parts.join('\n')));
    return;
  }
  if (output === 'github') {
    for (const problem of problems) host.stdout.write(`${githubAnnotation(problem)}\n`);
  } else {
    const color = wantsColor(host.stderr, host.environment);
    for (const problem of problems) host.stderr.write(`${formatProblem(problem, { color })}\n`);
  }
  host.stdout.write(host.secrets.hide(text));
}

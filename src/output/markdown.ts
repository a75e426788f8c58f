import type { Problem } from '../errors.js';
import type { AppliedChange } from '../plan/applied.js';
import { type Change, idOf, isPending, placeOf } from '../plan/change.js';
import { type ShownAs, type ShownFields, sidesOf } from '../plan/sides.js';
import { cut } from '../text/printable.js';
import { appliedClosing } from './apply-text.js';
import { painter } from './paint.js';
import { formatProblem } from './problems.js';
import { planClosing } from './summary.js';

/** GitHub allows 65,536 characters in a comment; rows that would not fit are only counted. */
const MOST_ROWS = 100;
const MOST_DIFF_LINES = 150;
const MOST_TEXT_CHARACTERS = 200;

const PLAIN = painter(false);

export interface MarkdownOptions extends ShownAs {
  /** The account: see `accountLine`. */
  readonly head: string;
  readonly unread: number;
}

/** The plan as a comment on a pull request: a summary line, a table, and a folded diff. */
export function planMarkdown(changes: readonly Change[], options: MarkdownOptions): string {
  const rows = changes.map((change) => ({ change }));
  return page(planClosing(changes, PLAIN, options.unread), rows, options);
}

/** What an apply did, in the same form. */
export function applyMarkdown(applied: readonly AppliedChange[], options: MarkdownOptions): string {
  return page(appliedClosing(applied, PLAIN, options.unread), applied, options);
}

/** Errors and warnings in the same form, in a code block with the lines they point to. Empty for none. */
export function problemsMarkdown(problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  const told = problems.slice(0, MOST_ROWS).flatMap((problem) => formatProblem(problem, { color: false }).split('\n'));
  const more = problems.length - MOST_ROWS;
  const rest = more > 0 ? [`…and ${more} more`] : [];
  return `${['```text', ...told.map((line) => line.replaceAll('`', "'")), ...rest, '```'].join('\n')}\n`;
}

interface Row {
  readonly change: Change;
  /** Only after an apply. */
  readonly result?: AppliedChange['result'];
}

function page(summary: string, rows: readonly Row[], options: MarkdownOptions): string {
  const shown = rows.filter(({ change }) => isPending(change) || change.action === 'orphaned');
  const parts = [`**${inline(summary)}**`, inline(options.head)];
  if (shown.length > 0) parts.push(table(shown));
  const diff = shown.flatMap((row) => diffLines(row, options));
  if (diff.length > 0) parts.push(folded(diff));
  return `${parts.join('\n\n')}\n`;
}

function table(rows: readonly Row[]): string {
  const hasResults = rows.some(({ result }) => result !== undefined);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['Entry', 'Action', ...(hasResults ? ['Result'] : []), 'Webhook', 'Why', 'Where'];
  const body = rows.slice(0, MOST_ROWS).map(({ change, result }) => {
    const at = placeOf(change);
    const id = String(idOf(change) ?? '');
    const where = at === null ? '' : span(`${at.file}:${at.line}`);
    const why = inline(change.reason);
    return line([span(change.name), change.action, ...(hasResults ? [result ?? ''] : []), id, why, where]);
  });
  const more = rows.length - MOST_ROWS;
  const rest = more > 0 ? [`\n…and ${more} more`] : [];
  return [line(head), line(head.map(() => '---')), ...body, ...rest].join('\n');
}

function folded(diff: readonly string[]): string {
  const lines = diff.slice(0, MOST_DIFF_LINES);
  const more = diff.length - lines.length;
  const rest = more > 0 ? [`# …and ${more} more lines`] : [];
  return ['<details><summary>Differences</summary>', '', '```diff', ...lines, ...rest, '```', '', '</details>'].join(
    '\n',
  );
}

/** `- handler: …` and `+ handler: …` for each field, under the entry's name. */
function diffLines({ change }: Row, shown: ShownAs): string[] {
  const { before, after } = sidesOf(change, shown);
  if (before === null && after === null) return [];
  return [`# ${code(change.name)}: ${change.action}`, ...side('-', before), ...side('+', after)];
}

function side(sign: '-' | '+', fields: ShownFields | null): string[] {
  return Object.entries(fields ?? {}).map(([field, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${sign} ${field}: ${code(text)}`;
  });
}

/**
 * Text from outside in running text: everything with a meaning in Markdown or HTML is escaped, so that it makes no link
 * and does not end its cell. GitHub then still looks for people and issues in the visible text: a zero-width space
 * prevents that.
 */
function inline(text: string): string {
  const short = cut(text, MOST_TEXT_CHARACTERS);
  return short.replace(/[\\`*_{}[\]()<>#+!|~@$&:./-]/g, '\\$&').replace(/\\[@#]/g, '$&&#8203;');
}

/** The same in code font, where only a backtick and the end of a cell have a meaning. */
function span(text: string): string {
  return `\`${cut(text, MOST_TEXT_CHARACTERS).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

/** Text from outside in a code block, which three backticks would end. */
function code(text: string): string {
  return cut(text, MOST_TEXT_CHARACTERS).replaceAll('`', "'");
}

import type { Issue } from '../status/issues.js';
import { cut } from '../text/printable.js';
import { numberText, roughly } from '../text/words.js';
import type { Notice } from './incident.js';

/** The source of a notice, and its time. */
export interface Sender {
  readonly version: string;
  /** Null: there is only one account, without a name. */
  readonly account: string | null;
  readonly at: Date;
}

/** The JSON that is POSTed. `text` is for people, in Slack's notation; the rest is for programs, unescaped. */
export interface NoticePayload {
  readonly text: string;
  readonly product: 'copernica-webhooks';
  readonly version: string;
  readonly account: string | null;
  readonly status: Notice['status'];
  /** ISO 8601, both. */
  readonly at: string;
  readonly since: string;
  readonly reasons: readonly Reason[];
}

/** One thing that is wrong, or was. */
interface Reason extends Pick<Issue, 'code' | 'names' | 'remedy'> {
  readonly message: string;
  /** How many webhooks there are besides the named ones. */
  readonly more: number;
}

/** For a message or remedy, a name, and the whole text: a Slack message can hold ten times as much. */
const LONGEST_CHARACTERS = { message: 600, name: 100, text: 3_000 } as const;

/** `redact` removes all known secrets before anything is cut or escaped: half a secret would not be recognised. */
export function payloadOf(notice: Notice, sender: Sender, redact: (text: string) => string): NoticePayload {
  const { version, account, at } = sender;
  const { status, lastedMs } = notice;
  const reasons = notice.issues.map((issue) => reasonOf(issue, redact));
  const who = account === null ? 'copernica-webhooks' : `copernica-webhooks (${account})`;
  return {
    text: slackText(shortened(`${who}: ${linesOf(status, reasons, lastedMs).join('\n')}`)),
    product: 'copernica-webhooks',
    version,
    account,
    status,
    at: at.toISOString(),
    since: new Date(at.getTime() - lastedMs).toISOString(),
    reasons,
  };
}

/** As much of an issue as a channel has room for: its first problem, and what to do about that. */
function reasonOf({ code, title, count, names, problems, remedy }: Issue, redact: (text: string) => string): Reason {
  const [first] = problems;
  const isOfWebhooks = names.length > 0;
  const others =
    isOfWebhooks || count < 2 ? '' : `, and ${numberText(count - 1)} more problem${count === 2 ? '' : 's'}`;
  const detail = first === undefined ? '' : `: ${placeOf(first)}${first.message}${others}`;
  const help = first?.remedy ?? remedy;
  return {
    code,
    message: cut(redact(title + detail), LONGEST_CHARACTERS.message),
    names: names.map((name) => cut(redact(name), LONGEST_CHARACTERS.name)),
    more: isOfWebhooks ? count - names.length : 0,
    remedy: help === null ? null : cut(redact(help), LONGEST_CHARACTERS.message),
  };
}

function placeOf({ file, line, column }: Issue['problems'][number]): string {
  return file === null || line === null ? '' : `${file}:${line}:${column ?? 1}: `;
}

/** What is the case, and what to do about it. */
function linesOf(status: Notice['status'], reasons: readonly Reason[], lastedMs: number): string[] {
  const what = reasons.map(withNames).join('; ');
  if (status === 'well') {
    return [`recovered after ${roughly(lastedMs)}: the account matches the manifest`, `It was: ${what}`];
  }
  const remedy = reasons.find((reason) => reason.remedy !== null)?.remedy;
  return [`${status}: ${what}`, ...(remedy ? [`What to do: ${remedy}`] : [])];
}

function withNames({ message, names, more }: Reason): string {
  if (names.length === 0) return message;
  return `${message} [${names.join(', ')}${more === 0 ? '' : ` and ${numberText(more)} more`}]`;
}

function shortened(text: string): string {
  if (text.length <= LONGEST_CHARACTERS.text) return text;
  return `${text.slice(0, LONGEST_CHARACTERS.text).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Plain text on which other receivers act: `@channel`, and `[label](link)` as in Markdown. */
const ACTED_ON = /@|\](?=\()/g;
const ZERO_WIDTH_SPACE = '\u200b';

/**
 * Slack reads `<…>` as links and mentions and `&…;` as characters, and wants nothing else escaped:
 * https://docs.slack.dev/messaging/formatting-message-text#escaping. Others that accept the same messages (Mattermost,
 * Discord, Rocket.Chat) use Markdown, and mentions without brackets: names and messages must not produce either.
 */
function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(ACTED_ON, (mark) => mark + ZERO_WIDTH_SPACE);
}

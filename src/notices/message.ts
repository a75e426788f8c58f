import { cut } from '../manifest/printable.js';
import type { Reason } from '../status/issues.js';
import { roughly } from '../status/time-text.js';
import type { Notice } from './incident.js';

/** Whose notice it is. */
export interface Sender {
  readonly version: string;
  /** Null where there is only one, without a name. */
  readonly account: string | null;
}

/** What is POSTed, as JSON. `text` is for people, in the notation of Slack; the rest is for programs, as it is. */
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

/** Of one message or remedy, of one name, and of the text: a Slack message can hold ten times as much. */
const LONGEST_CHARACTERS = { message: 600, name: 100, text: 3_000 } as const;

/** `redact` takes out every secret that is known, before anything is cut or escaped: half of one would not be known. */
export function payloadOf(
  notice: Notice,
  { version, account }: Sender,
  redact: (text: string) => string,
): NoticePayload {
  const reasons = notice.reasons.map(({ code, message, names, more, remedy }) => ({
    code,
    message: cut(redact(message), LONGEST_CHARACTERS.message),
    names: names.map((name) => cut(redact(name), LONGEST_CHARACTERS.name)),
    more,
    remedy: remedy === null ? null : cut(redact(remedy), LONGEST_CHARACTERS.message),
  }));
  const { status, at, since } = notice;
  const lines = linesOf({ ...notice, reasons }).join('\n');
  const who = account === null ? 'copernica-webhooks' : `copernica-webhooks (${account})`;
  return {
    text: slackText(shortened(`${who}: ${lines}`)),
    product: 'copernica-webhooks',
    version,
    account,
    status,
    at: new Date(at).toISOString(),
    since: new Date(since).toISOString(),
    reasons,
  };
}

/** What is so, and what to do about it. */
function linesOf({ status, reasons, at, since }: Notice): string[] {
  const what = reasons.map(withNames).join('; ');
  switch (status) {
    case 'problem':
    case 'note': {
      const remedy = reasons.find((reason) => reason.remedy !== null)?.remedy;
      return [`${status}: ${what}`, ...(remedy === undefined ? [] : [`What to do: ${remedy}`])];
    }
    case 'well':
      return [`well again after ${roughly(at - since)}: the account is as the manifest says`, `It was: ${what}`];
  }
}

function withNames({ message, names, more }: Reason): string {
  if (names.length === 0) return message;
  return `${message} [${names.join(', ')}${more === 0 ? '' : ` and ${more.toLocaleString('en')} more`}]`;
}

function shortened(text: string): string {
  if (text.length <= LONGEST_CHARACTERS.text) return text;
  return `${text.slice(0, LONGEST_CHARACTERS.text).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** What bare text is acted on for elsewhere: `@channel`, and `[label](link)` as Markdown has it. */
const ACTED_ON = /@|\](?=\()/g;
const ZERO_WIDTH_SPACE = '\u200b';

/**
 * Slack takes `<…>` for links and mentions and `&…;` for characters, and wants nothing else escaped:
 * https://docs.slack.dev/messaging/formatting-message-text#escaping. What takes the same messages (Mattermost, Discord,
 * Rocket.Chat) has Markdown, and mentions without brackets: a name or message must not make either.
 */
export function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(ACTED_ON, (mark) => mark + ZERO_WIDTH_SPACE);
}

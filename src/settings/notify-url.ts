import { isSafeToSend } from './values.js';

/** Where notices are POSTed, as it was given: `https://…`; or `off`. */
export type NotifyUrl = string;

export const NOTIFY_ACCEPTS =
  'an https URL (plain http only to a loopback address), without user info or fragment; or off';

/** Shorter parts of a URL are words, and hiding those wherever they turn up would hide half of every message. */
const SHORTEST_SECRET_PART = 20;

export function parseNotifyUrl(text: string): NotifyUrl | undefined {
  const trimmed = text.trim();
  if (trimmed === 'off') return trimmed;
  if (!URL.canParse(trimmed) || /\s/.test(trimmed)) return undefined;
  const url = new URL(trimmed);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  return isSafeToSend(url) ? trimmed : undefined;
}

/**
 * What of it nobody may see: all of it, and the parts that are the key to it, such as the last one of a Slack webhook,
 * which a message could hold by itself.
 */
export function secretsOfNotifyUrl(text: string): readonly string[] {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return [trimmed];
  const { href, pathname, searchParams } = new URL(trimmed);
  const parts = [...pathname.split('/'), ...searchParams.values()];
  return [trimmed, href, ...parts.filter((part) => part.length >= SHORTEST_SECRET_PART)];
}

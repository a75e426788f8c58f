// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.

import type { ProblemCode } from '../error-codes.js';
import { parseUrl } from '../text/parse-url.js';
import { LIMITS } from './limits.js';

export interface Complaint {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

const complaint = (code: ProblemCode, message: string, remedy: string): Complaint => ({ code, message, remedy });

const EXAMPLE = 'write it in full, such as https://example.com/copernica';

/**
 * Why Copernica couldn't call this handler; null: it can. No message contains any part of the URL, which may come from
 * the environment. Stricter than the URL standard, which drops line ends, turns backslashes around and accepts
 * `https:example.com`: the file's text is sent as it is, so it must be right as it is.
 */
export function handlerComplaint(handler: string): Complaint | null {
  const bad = (message: string, remedy: string) => complaint('bad-handler', `handler ${message}`, remedy);
  if (handler === '') return bad('is empty', EXAMPLE);
  if (handler.length > LIMITS.handlerChars) {
    return bad(`is longer than ${LIMITS.handlerChars} characters`, 'common servers refuse longer URLs: shorten it');
  }
  if (/[\s\p{Cc}\p{Cs}]/u.test(handler)) {
    return bad(
      'contains white space or control characters',
      'remove them, or write a space as %20; keep it on one line',
    );
  }
  if (/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(handler)) {
    return bad('contains invisible characters', 'remove them: type the URL again instead of pasting it');
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(handler)?.[1]?.toLowerCase();
  if (scheme === undefined) return bad('is not an absolute URL', EXAMPLE);
  if (scheme !== 'https' && scheme !== 'http') return bad('is not an https or http URL', EXAMPLE);
  if (handler.includes('\\')) return bad('contains a backslash', 'write / or %5C');
  if (!/^https?:\/\/[^/?#]/i.test(handler)) return bad('has no host', EXAMPLE);
  if (parseUrl(handler) === null) return bad('is not a valid URL', 'check its host, port and brackets');
  return null;
}

/** What is allowed but probably unintended. `handler` must have no complaint; `raw` is the text in the file. */
export function handlerWarnings(handler: string, raw: string): Complaint[] {
  const url = new URL(handler);
  const warnings: Complaint[] = [];
  if (url.protocol === 'http:') {
    const message = 'handler uses http, so events with personal data in them are sent unencrypted';
    warnings.push(complaint('insecure-handler', message, 'use https'));
  }
  if (/[^\0-\x7f]|%/.test(writtenHost(handler))) {
    // Only the text in the file may be shown.
    const punycode = raw.includes('${') ? '' : `, which is ${url.host} in punycode`;
    const message = `the host of the handler has letters other than a to z${punycode}`;
    const remedy =
      'check that no letter merely looks like the intended one; there is no warning if it is written in punycode';
    warnings.push(complaint('non-ascii-host', message, remedy));
  }
  const unreachable = whyUnreachable(url.hostname);
  if (unreachable !== null) {
    const message = `Copernica can’t reach this handler: ${unreachable}`;
    warnings.push(complaint('unreachable-handler', message, 'use a host that is public on the internet'));
  }
  if (url.password !== '' && !raw.includes('${')) {
    const remedy = 'take it from the environment, such as https://${WEBHOOKS_USER}:${WEBHOOKS_PASSWORD}@example.com';
    warnings.push(complaint('password-in-file', 'handler contains a password that can be read in the file', remedy));
  }
  if (url.hash !== '') {
    warnings.push(complaint('handler-fragment', 'the part of a URL after # is never sent', 'remove it'));
  }
  return warnings;
}

/** Host and port as written. `handler` must have no complaint. */
function writtenHost(handler: string): string {
  const [authority = ''] = handler.slice(handler.indexOf('//') + 2).split(/[/?#]/, 1);
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** Names that do not exist in the public DNS. RFC 6761, 6762, 8375 and common private names. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'lan', 'home.arpa', 'test', 'invalid'] as const;

/** First address and prefix length of IPv4 ranges that are not routed on the internet. RFC 6890. */
const PRIVATE_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];

/**
 * Why nobody on the internet can reach a host; null: they may. `hostname` must be as the URL standard writes it: IPv4
 * as four decimals, IPv6 in short form and in brackets.
 */
export function whyUnreachable(hostname: string): string | null {
  const host = hostname.replace(/\.$/, '');
  if (host.startsWith('[')) {
    const inside = /^\[(::1?|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/.test(host);
    return inside ? 'its address is not routed on the internet' : null;
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    const inside = PRIVATE_IPV4.some(
      ([first, length]) => ipv4(host) >>> (32 - length) === ipv4(first) >>> (32 - length),
    );
    return inside ? 'its address is not routed on the internet' : null;
  }
  const suffix = PRIVATE_SUFFIXES.find((name) => host === name || host.endsWith(`.${name}`));
  if (suffix !== undefined) return `names under .${suffix} are not known on the internet`;
  return host.includes('.') ? null : 'its host has no domain';
}

function ipv4(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

import { describe, expect, it } from 'vitest';
import { maskUrls } from '../../../src/text/mask-urls.js';

describe('text that may hold handlers', () => {
  it.each([
    ['https://user:pass@a.example/x', 'https://*********@a.example/x'],
    ['https://a.example/x?key=s3cret', 'https://a.example/x?**********'],
    ['https://a.example/x#s3cret', 'https://a.example/x#******'],
    ['handler: "//u:p@a.example?x" is no URL', 'handler: "//***@a.example?x" is no URL'],
    ['https://a.example/x?key=$\u007bKEY}&b=$\u007bB:-s3}', 'https://a.example/x?****$\u007bKEY}***********'],
    ['relative/path?key=s3cret&b=2', 'relative/path?**************'],
    ['is this a question? yes', 'is this a question? yes'],
    [
      'take it from $\u007bPASSWORD}: https://$\u007bPASSWORD}@example.com',
      'take it from $\u007bPASSWORD}: https://$\u007bPASSWORD}@example.com',
    ],
    ['https://us"er:s3<cret@a.example/x', 'https://*************@a.example/x'],
    ['https://a.example/<b>?k=s3cret&x="s3cret', 'https://a.example/<b>?******************'],
    ['https://$\u007bUSER}:s3cret@example.com', 'https://**************@example.com'],
    ['a?b=1 c?d e#f=2&g', 'a?*** c?d e#*****'],
    ['x "?k=s3cret" (#a=b) y', 'x "?k=s3cret" (#a=b) y'],
    ['"?a?k=s3cret', '"?a?********'],
    ['see a?b and c?', 'see a?b and c?'],
    ['https://a.example/x? https://b.example/#', 'https://a.example/x? https://b.example/#'],
    ['://a?b', '://a?*'],
    ['a?b://c?d', 'a?b://c?*'],
  ])('%s → %s', (text, masked) => {
    expect(maskUrls(text)).toBe(masked);
    expect(maskUrls(text)).toHaveLength(text.length);
  });
});

describe('text that was cut out of a longer one', () => {
  it.each([
    ['s3cret&x=s3cret", trigger: create', '***************", trigger: create'],
    ['s3cret","trigger":"create"', '******","trigger":"create"'],
    ['s3cret$\u007bKEY}s3cret', '******$\u007bKEY}******'],
    ['https://me:s3cr', 'https://*******'],
    [' https://me:s3cr', ' https://*******'],
    [' https://e.com/x', ' https://e.com/x'],
    [' https://$\u007bUSER}:s3', ' https://$\u007bUSER}***'],
  ])('%s → %s', (text, masked) => {
    const cut = { before: !text.startsWith(' ') && !text.startsWith('https'), after: true };
    expect(maskUrls(text, cut)).toBe(masked);
  });
});

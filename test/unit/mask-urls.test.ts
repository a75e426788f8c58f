import { describe, expect, it } from 'vitest';
import { maskUrls } from '../../src/mask-urls.js';

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
    ['3 | …s3cret&x=s3cret", trigger: create', `3 | …${'*'.repeat(17)} trigger: create`],
    ['https://$\u007bUSER}:s3cret@example.com', 'https://**************@example.com'],
  ])('%s → %s', (text, masked) => {
    expect(maskUrls(text)).toBe(masked);
    expect(maskUrls(text)).toHaveLength(text.length);
  });
});

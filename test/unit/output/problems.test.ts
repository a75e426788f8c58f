import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/errors.js';
import { formatProblem, githubAnnotation, problemJson } from '../../../src/output/problems.js';

const PROBLEM: Problem = {
  code: 'bad-trigger',
  message: 'trigger "craete" is not known',
  severity: 'error',
  name: 'crm',
  file: 'webhooks.yaml',
  line: 12,
  column: 14,
  frame: '12 |     trigger: craete\n   |              ^^^^^^',
  remedy: 'did you mean create?',
};
const BARE: Problem = { code: 'unread', message: 'no', severity: 'warning' };

describe('a problem for people', () => {
  it('has its place, its line with a caret, and what to do', () => {
    expect(formatProblem(PROBLEM, { color: false })).toBe(
      [
        'webhooks.yaml:12:14: error: trigger "craete" is not known',
        '  12 |     trigger: craete',
        '     |              ^^^^^^',
        '  help: did you mean create?',
      ].join('\n'),
    );
  });

  it.each([
    [BARE, 'warning: no'],
    [{ ...BARE, file: 'a.yaml' }, 'a.yaml: warning: no'],
    [{ ...BARE, file: 'a.yaml', line: 3 }, 'a.yaml:3: warning: no'],
    [{ ...BARE, remedy: 'do' }, 'warning: no\n  help: do'],
  ])('leaves out what is not known', (problem, expected) => {
    expect(formatProblem(problem, { color: false })).toBe(expected);
  });

  it('is the same with colours, but for the colours', () => {
    const colored = formatProblem(PROBLEM, { color: true });
    expect(colored).toContain('\u001b[31m');
    expect(colored.split(/\p{Cc}\[\d+m/u).join('')).toBe(formatProblem(PROBLEM, { color: false }));
  });

  it('sends no control character of its content to the terminal', () => {
    const evil = 'a\u001b]0;title\u0007\r\nb\u202e';
    const text = formatProblem({ ...PROBLEM, message: evil, file: evil, frame: evil, remedy: evil }, { color: false });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('␛]0;title');
  });

  it('gives no order to a CI log, whatever it quotes', () => {
    const evil = '::error::x ##[group]y';
    const text = formatProblem({ ...PROBLEM, message: evil, file: evil, frame: evil, remedy: evil }, { color: false });
    expect(text).not.toMatch(/^\s*::|##\[/m);
    expect(text).toContain(':\ufffderror::x #\ufffd[group]y');
  });
});

describe('a problem for programs', () => {
  it('has every field, null where it is not known, and no frame', () => {
    expect(problemJson(PROBLEM)).toEqual({
      code: 'bad-trigger',
      message: 'trigger "craete" is not known',
      name: 'crm',
      file: 'webhooks.yaml',
      line: 12,
      column: 14,
      remedy: 'did you mean create?',
    });
    expect(problemJson(BARE)).toEqual({
      code: 'unread',
      message: 'no',
      name: null,
      file: null,
      line: null,
      column: null,
      remedy: null,
    });
  });
});

describe('a problem for GitHub', () => {
  it('is an annotation at its line', () => {
    expect(githubAnnotation(PROBLEM)).toBe(
      '::error file=webhooks.yaml,line=12,col=14,title=bad-trigger::trigger "craete" is not known%0Ahelp: did you mean create?',
    );
  });

  it('needs no place', () => {
    expect(githubAnnotation(BARE)).toBe('::warning title=unread::no');
  });

  it('can’t be made to hold another command', () => {
    const evil = { ...PROBLEM, file: 'a,line=1::b\n::error::c%', message: '100%\n::error::x\r', remedy: 'a: b, c' };
    expect(githubAnnotation(evil)).toBe(
      '::error file=a%2Cline=1%3A%3Ab␊%3A%3Aerror%3A%3Ac%25,line=12,col=14,title=bad-trigger::100%25␊::error::x␍%0Ahelp: a: b, c',
    );
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { interpolator } from '../../../src/manifest/interpolate.js';
import { type Env, found, manifest, parse, problemsOf, specsOf } from './manifests.js';

const fill = (text: string, env: Env = {}) => {
  const filled = interpolator(env)(text);
  return filled.refusals.length === 0 ? filled.text : filled.refusals.map(({ code }) => code);
};

/** An empty environment that counts how often it is asked. */
function countedEnvironment(): { env: Env; lookups: () => number } {
  let count = 0;
  const getOwnPropertyDescriptor = () => {
    count += 1;
    return undefined;
  };
  return { env: new Proxy<Env>({}, { getOwnPropertyDescriptor }), lookups: () => count };
}

describe('filling in variables', () => {
  it.each([
    ['${WEBHOOKS_A}', { WEBHOOKS_A: 'x' }, 'x'],
    ['1${WEBHOOKS_A}2${WEBHOOKS_B}3${WEBHOOKS_A}', { WEBHOOKS_A: 'x', WEBHOOKS_B: 'y' }, '1x2y3x'],
    ['${WEBHOOKS_A:-d}', {}, 'd'],
    ['${WEBHOOKS_A:-d}', { WEBHOOKS_A: '' }, 'd'],
    ['${WEBHOOKS_A:-d}', { WEBHOOKS_A: 'x' }, 'x'],
    ['${WEBHOOKS_A:-}', {}, ''],
    ['${WEBHOOKS_A:-a:-b c$}', {}, 'a:-b c$'],
    ['${WEBHOOKS__a1}', { WEBHOOKS__a1: 'x' }, 'x'],
    ['$${WEBHOOKS_A}', { WEBHOOKS_A: 'x' }, '${WEBHOOKS_A}'],
    ['$$${WEBHOOKS_A}', { WEBHOOKS_A: 'x' }, '$${WEBHOOKS_A}'],
    ['$${${WEBHOOKS_A}}', { WEBHOOKS_A: 'x' }, '${x}'],
    ['$A $ $$ $1 a$', { WEBHOOKS_A: 'x' }, '$A $ $$ $1 a$'],
    ['${WEBHOOKS_A}', { WEBHOOKS_A: '${WEBHOOKS_B}', WEBHOOKS_B: 'x' }, '${WEBHOOKS_B}'],
    ['${WEBHOOKS_A}', {}, ['unset-variable']],
    ['${WEBHOOKS_A}', { WEBHOOKS_A: '' }, ['unset-variable']],
    ['${WEBHOOKS_A}', { WEBHOOKS_A: undefined }, ['unset-variable']],
    ['${WEBHOOKS_A}${WEBHOOKS_B}', {}, ['unset-variable', 'unset-variable']],
    ['${WEBHOOKS_toString}', {}, ['unset-variable']],
    ['${WEBHOOKS___proto__}', {}, ['unset-variable']],
    ['${}', {}, ['bad-reference']],
    ['${1X}', {}, ['bad-reference']],
    ['${WEBHOOKS_A-d}', {}, ['bad-reference']],
    ['${WEBHOOKS_A:?no}', {}, ['bad-reference']],
    ['${ A }', { WEBHOOKS_A: 'x' }, ['bad-reference']],
    ['${a.b}', {}, ['bad-reference']],
    ['${WEBHOOKS_A:-${WEBHOOKS_B}}', {}, ['bad-reference']],
    ['${WEBHOOKS_A', { WEBHOOKS_A: 'x' }, ['bad-reference']],
    ['a${', {}, ['bad-reference']],
  ])('%j with %j gives %j', (text, env, expected) => {
    expect(fill(text, env)).toEqual(expected);
  });
});

describe('a variable of another name', () => {
  it.each([
    ['HOOK_KEY', 'WEBHOOKS_HOOK_KEY'],
    ['COPERNICA_WEBHOOKS_HOST', 'WEBHOOKS_HOST'],
    ['COPERNICA_ACCESS_TOKEN', 'WEBHOOKS_COPERNICA_ACCESS_TOKEN'],
    ['webhooks_host', 'WEBHOOKS_host'],
    ['AWS_SECRET_ACCESS_KEY', 'WEBHOOKS_AWS_SECRET_ACCESS_KEY'],
    ['toString', 'WEBHOOKS_toString'],
  ])('is never filled in, with or without a default, and told how to be named: %s', (name, renamed) => {
    for (const reference of [`\${${name}}`, `\${${name}:-d}`]) {
      expect(interpolator({ [name]: 'hunter2' })(reference)).toMatchObject({
        refusals: [{ code: 'foreign-variable', remedy: `rename it to ${renamed}, here and where it is set` }],
      });
    }
  });
});

describe('credentials', () => {
  const hidden = { variables: new Set(['LIVE_KEY', 'WEBHOOKS_LIVE']), values: ['abcdefgh'] };
  const env = { LIVE_KEY: 'x', WEBHOOKS_LIVE: 'x', WEBHOOKS_COPY: '<abcdefgh>', WEBHOOKS_OTHER: 'abcdefg' };
  const fillHiding = interpolator(env, hidden);

  it.each(['LIVE_KEY', 'WEBHOOKS_LIVE'])('in a variable that an account names as its own are refused: %s', (name) => {
    expect(fillHiding(`\${${name}:-d}`)).toMatchObject({ refusals: [{ message: `${name} holds a credential` }] });
  });

  it('are recognised within the value of another', () => {
    const refusals = [{ code: 'credential-variable', message: 'the value of WEBHOOKS_COPY holds a credential' }];
    expect(fillHiding('${WEBHOOKS_COPY}')).toMatchObject({ refusals });
    expect(fillHiding('${WEBHOOKS_COPY:-d}')).toMatchObject({ refusals });
    expect(fillHiding('${WEBHOOKS_OTHER}')).toEqual({ text: 'abcdefg', refusals: [] });
  });
});

describe('variables in a manifest', () => {
  const env = {
    WEBHOOKS_HOST: 'example.com',
    WEBHOOKS_DB: '1017',
    WEBHOOKS_TRIGGER: 'open',
    WEBHOOKS_CALLER: 'ms',
    WEBHOOKS_NAME: 'crm',
    WEBHOOKS_UNUSED: 'x',
  };

  it('may stand in every value, and the ids they give are ids', () => {
    const text = manifest(
      { name: '${WEBHOOKS_NAME}-a', handler: 'https://${WEBHOOKS_HOST}/a', trigger: '${WEBHOOKS_TRIGGER}' },
      'callers: ["${WEBHOOKS_CALLER}"]',
      'database: ${WEBHOOKS_DB}',
      'collection: "${WEBHOOKS_COLLECTION:-42}"',
    );
    expect(specsOf(text, env)).toEqual({
      'crm-a': { handler: 'https://example.com/a', trigger: 'open', callers: ['ms'], database: 1017, collection: 42 },
    });
  });

  it('are not filled in in names of fields, comments, and what no entry uses', () => {
    const text = `x-spare: \${WEBHOOKS_UNSET}\n${manifest({}, '# ${WEBHOOKS_UNSET}')}`;
    expect(parse(text, env)).toMatchObject({ ok: true });
    expect(found(manifest({}, '"${WEBHOOKS_NAME}": x'), env)).toEqual(['5:5 unknown-field']);
  });

  it('are filled in where a merged mapping is used', () => {
    const text =
      'x-base: &base {handler: "https://${WEBHOOKS_HOST}", trigger: open}\nwebhooks: [{<<: *base, name: a}]\n';
    expect(specsOf(text, env).a).toEqual({ handler: 'https://example.com', trigger: 'open' });
  });

  it.each([
    ['a line end and a field', 'https://e.com\n    trigger: delete', '3:14 bad-handler'],
    ['a comment', 'https://e.com #', '3:14 bad-handler'],
    ['a quote', '"https://e.com"', '3:14 bad-handler'],
    ['an alias', '*a', '3:14 bad-handler'],
  ])('can’t bring in YAML: %s', (_what, value, expected) => {
    expect(found(manifest({ handler: '${WEBHOOKS_VALUE}' }), { WEBHOOKS_VALUE: value })).toEqual([expected]);
  });

  it.each([
    ['plain', 'https://${WEBHOOKS_HOST}/${WEBHOOKS_MISSING}', '3:39'],
    ['in single quotes', "'https://${WEBHOOKS_HOST}/${WEBHOOKS_MISSING}'", '3:40'],
    ['in double quotes after an escape', '"https://${WEBHOOKS_HOST}/\\u0061${WEBHOOKS_MISSING}"', '3:46'],
    ['twice', 'https://${WEBHOOKS_MISSING}/${WEBHOOKS_MISSING}', '3:22'],
  ])('that are unset are pointed at: %s', (_what, handler, place) => {
    const [first] = problemsOf(manifest({ handler }), env);
    expect(`${first?.line}:${first?.column}`).toBe(place);
    expect(first).toMatchObject({
      code: 'unset-variable',
      message: 'environment variable WEBHOOKS_MISSING is not set',
    });
  });

  it('of one long value that hundreds of entries share are looked up twice at the most', () => {
    const { env: counted, lookups } = countedEnvironment();
    const entry = (index: number) => `  - {name: n${index}, trigger: open, database: ${index + 1}, handler: *h}\n`;
    const entries = Array.from({ length: 500 }, (_, index) => entry(index)).join('');
    const text = `x-h: &h "https://e.com/${'${WEBHOOKS_A:-}'.repeat(1_000)}"\nwebhooks:\n${entries}`;
    expect(parse(text, counted)).toMatchObject({ ok: true });
    expect(lookups()).toBeLessThanOrEqual(2_000);
  });

  it('in a value that is too long are not looked up at all', () => {
    const { env: counted, lookups } = countedEnvironment();
    const text = manifest({ handler: `"https://e.com/${'${WEBHOOKS_A}'.repeat(100_000)}"` });
    expect(problemsOf(text, counted)).toMatchObject([{ code: 'too-long', line: 3, column: 14 }]);
    expect(lookups()).toBe(0);
  });

  it('that are unset hide no other problem', () => {
    const text = manifest(
      { name: 'a b', handler: '${WEBHOOKS_MISSING}', trigger: 'x' },
      'callers: ["${WEBHOOKS_MISSING}", y]',
    );
    expect(found(text)).toEqual([
      '2:11 bad-name',
      '3:14 unset-variable',
      '4:14 bad-trigger',
      '5:16 unset-variable',
      '5:38 bad-caller',
    ]);
  });

  it('whose values are wrong are named, and the values never shown', () => {
    const value = ' hunter2 <secret>';
    const text = manifest(
      { name: '${WEBHOOKS_V}', handler: '${WEBHOOKS_V}', trigger: '${WEBHOOKS_V}' },
      'callers: ["${WEBHOOKS_V}"]',
      'database: ${WEBHOOKS_V}',
      'collection: ${WEBHOOKS_V}',
    );
    const problems = problemsOf(text, { WEBHOOKS_V: value });
    expect(problems.map(({ code }) => code)).toEqual([
      'bad-name',
      'bad-handler',
      'bad-trigger',
      'bad-caller',
      'bad-id',
      'bad-id',
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    for (const { message, frame } of problems) {
      expect(message).toContain('once its variables are filled in');
      expect(frame).toContain('${WEBHOOKS_V}');
    }
  });

  it('are not shown either where two entries become one by them', () => {
    const entry = (name: string) => `  - {name: "${name}", handler: "https://e.com/\${WEBHOOKS_V}", trigger: open}\n`;
    const problems = problemsOf(
      `webhooks:\n${entry('${WEBHOOKS_V}-a')}${entry('${WEBHOOKS_V}-b')}${entry('${WEBHOOKS_V}-a')}`,
      { WEBHOOKS_V: 'hunter2' },
    );
    expect(problems.map(({ code }) => code)).toEqual(['duplicate-webhook', 'duplicate-name']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    expect(problems[1]?.message).toContain('"${WEBHOOKS_V}-a"');
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { interpolator } from '../../../src/manifest/interpolate.js';
import { type Env, found, manifest, parse, problemsOf, specsOf } from './manifests.js';

const fill = (text: string, env: Env = {}) => {
  const filled = interpolator(env)(text);
  return filled.ok ? filled.text : filled.refusals.map(({ code }) => code);
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
    ['${A}', { A: 'x' }, 'x'],
    ['1${A}2${B}3${A}', { A: 'x', B: 'y' }, '1x2y3x'],
    ['${A:-d}', {}, 'd'],
    ['${A:-d}', { A: '' }, 'd'],
    ['${A:-d}', { A: 'x' }, 'x'],
    ['${A:-}', {}, ''],
    ['${A:-a:-b c$}', {}, 'a:-b c$'],
    ['${_a1}', { _a1: 'x' }, 'x'],
    ['$${A}', { A: 'x' }, '${A}'],
    ['$$${A}', { A: 'x' }, '$${A}'],
    ['$${${A}}', { A: 'x' }, '${x}'],
    ['$A $ $$ $1 a$', { A: 'x' }, '$A $ $$ $1 a$'],
    ['${A}', { A: '${B}', B: 'x' }, '${B}'],
    ['${A}', {}, ['unset-variable']],
    ['${A}', { A: '' }, ['unset-variable']],
    ['${A}', { A: undefined }, ['unset-variable']],
    ['${A}${B}', {}, ['unset-variable', 'unset-variable']],
    ['${toString}', {}, ['unset-variable']],
    ['${__proto__}', {}, ['unset-variable']],
    ['${}', {}, ['bad-reference']],
    ['${1X}', {}, ['bad-reference']],
    ['${A-d}', {}, ['bad-reference']],
    ['${A:?no}', {}, ['bad-reference']],
    ['${ A }', { A: 'x' }, ['bad-reference']],
    ['${a.b}', {}, ['bad-reference']],
    ['${A:-${B}}', {}, ['bad-reference']],
    ['${A', { A: 'x' }, ['bad-reference']],
    ['a${', {}, ['bad-reference']],
  ])('%j with %j gives %j', (text, env, expected) => {
    expect(fill(text, env)).toEqual(expected);
  });
});

describe('credentials', () => {
  it.each([
    'COPERNICA_ACCESS_TOKEN',
    'copernica_access_token',
    'COPERNICA_ACCESS_TOKEN_FILE',
    'COPERNICA_WEBHOOKS_NOTIFY',
    'COPERNICA_WEBHOOKS_NOTIFY_FILE',
    'COPERNICA_TOKEN_LIVE',
    'COPERNICA_JWT',
    'GITHUB_TOKEN',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'CI_JOB_TOKEN',
    'NPM_TOKEN',
    'npm_token',
  ])('in %s are never filled in, with or without a default', (name) => {
    expect(fill(`\${${name}}`, { [name]: 'x' })).toEqual(['credential-variable']);
    expect(fill(`\${${name}:-d}`)).toEqual(['credential-variable']);
  });

  it.each(['WEBHOOK_SECRET', 'COPERNICA_WEBHOOKS_STATE', 'HOOK_TOKEN', 'COPERNICA_API_URL', 'TOKEN_OF_LOVE'])(
    'are not suspected in %s',
    (name) => {
      expect(fill(`\${${name}}`, { [name]: 'x' })).toBe('x');
    },
  );

  it.each([
    ['a copy', 'abcdefgh'],
    ['a URL around it', 'https://e.com/?t=abcdefgh'],
  ])('are recognised under another name: %s', (_what, value) => {
    expect(fill('${COPY}', { COPERNICA_ACCESS_TOKEN: ' abcdefgh\n', COPY: value })).toEqual(['credential-variable']);
    expect(fill('${COPY:-d}', { COPERNICA_TOKEN_LIVE: 'abcdefgh', COPY: value })).toEqual(['credential-variable']);
  });

  it('are whatever an account names as its own, and all that holds such a value', () => {
    const hidden = { variables: new Set(['LIVE_KEY']), values: ['abcdefgh'] };
    const fillHiding = interpolator({ LIVE_KEY: 'x', COPY: '<abcdefgh>', OTHER: 'abcdefg' }, hidden);
    expect(fillHiding('${LIVE_KEY:-d}')).toMatchObject({ refusals: [{ message: 'LIVE_KEY holds a credential' }] });
    expect(fillHiding('${COPY}')).toMatchObject({ refusals: [{ message: 'the value of COPY holds a credential' }] });
    expect(fillHiding('${OTHER}')).toMatchObject({ ok: true, text: 'abcdefg' });
  });

  it('that are too short to be one are not looked for in other values', () => {
    expect(fill('${COPY}', { COPERNICA_ACCESS_TOKEN: 'a', COPY: 'banana' })).toBe('banana');
  });

  it('are not mistaken for the path of the file that holds one', () => {
    const env = { COPERNICA_ACCESS_TOKEN_FILE: '/run/secrets/token', PLACE: '/run/secrets/token' };
    expect(fill('${PLACE}', env)).toBe('/run/secrets/token');
  });
});

describe('variables in a manifest', () => {
  const env = { HOST: 'example.com', DB: '1017', TRIGGER: 'open', CALLER: 'ms', NAME: 'crm', UNUSED: 'x' };

  it('may stand in every value, and the ids they give are ids', () => {
    const text = manifest(
      { name: '${NAME}-a', handler: 'https://${HOST}/a', trigger: '${TRIGGER}' },
      'callers: ["${CALLER}"]',
      'database: ${DB}',
      'collection: "${COLLECTION:-42}"',
    );
    expect(specsOf(text, env)).toEqual({
      'crm-a': { handler: 'https://example.com/a', trigger: 'open', callers: ['ms'], database: 1017, collection: 42 },
    });
    expect(parse(text, env)).toMatchObject({
      environmentUsed: ['CALLER', 'COLLECTION', 'DB', 'HOST', 'NAME', 'TRIGGER'],
    });
  });

  it('are not filled in in names of fields, comments, and what no entry uses', () => {
    const text = `x-spare: \${UNSET}\n${manifest({}, '# ${UNSET}')}`;
    expect(parse(text, env)).toMatchObject({ ok: true, environmentUsed: [] });
    expect(found(manifest({}, '"${NAME}": x'), env)).toEqual(['5:5 unknown-field']);
  });

  it('are filled in where a merged mapping is used', () => {
    const text = 'x-base: &base {handler: "https://${HOST}", trigger: open}\nwebhooks: [{<<: *base, name: a}]\n';
    expect(specsOf(text, env).a).toEqual({ handler: 'https://example.com', trigger: 'open' });
  });

  it.each([
    ['a line end and a field', 'https://e.com\n    trigger: delete', '3:14 bad-handler'],
    ['a comment', 'https://e.com #', '3:14 bad-handler'],
    ['a quote', '"https://e.com"', '3:14 bad-handler'],
    ['an alias', '*a', '3:14 bad-handler'],
  ])('can’t bring in YAML: %s', (_what, value, expected) => {
    expect(found(manifest({ handler: '${VALUE}' }), { VALUE: value })).toEqual([expected]);
  });

  it.each([
    ['plain', 'https://${HOST}/${MISSING}', '3:30'],
    ['in single quotes', "'https://${HOST}/${MISSING}'", '3:31'],
    ['in double quotes after an escape', '"https://${HOST}/\\u0061${MISSING}"', '3:37'],
    ['twice', 'https://${MISSING}/${MISSING}', '3:22'],
  ])('that are unset are pointed at: %s', (_what, handler, place) => {
    const [first] = problemsOf(manifest({ handler }), env);
    expect(`${first?.line}:${first?.column}`).toBe(place);
    expect(first).toMatchObject({ code: 'unset-variable', message: 'environment variable MISSING is not set' });
  });

  it('of one long value that thousands of entries share are looked up twice at the most', () => {
    const { env: counted, lookups } = countedEnvironment();
    const entry = (index: number) => `  - {name: n${index}, trigger: open, database: ${index + 1}, handler: *h}\n`;
    const entries = Array.from({ length: 3_000 }, (_, index) => entry(index)).join('');
    const text = `x-h: &h "https://e.com/${'${A:-}'.repeat(1_000)}"\nwebhooks:\n${entries}`;
    expect(parse(text, counted)).toMatchObject({ ok: true, environmentUsed: ['A'] });
    expect(lookups()).toBeLessThanOrEqual(2_000);
  });

  it('in a value that is too long are not looked up at all', () => {
    const { env: counted, lookups } = countedEnvironment();
    const text = manifest({ handler: `"https://e.com/${'${A}'.repeat(100_000)}"` });
    expect(problemsOf(text, counted)).toMatchObject([{ code: 'too-long', line: 3, column: 14 }]);
    expect(lookups()).toBe(0);
  });

  it('that are unset hide no other problem', () => {
    const text = manifest({ name: 'a b', handler: '${MISSING}', trigger: 'x' }, 'callers: ["${MISSING}", y]');
    expect(found(text)).toEqual([
      '2:11 bad-name',
      '3:14 unset-variable',
      '4:14 bad-trigger',
      '5:16 unset-variable',
      '5:29 bad-caller',
    ]);
  });

  it('whose values are wrong are named, and the values never shown', () => {
    const value = ' hunter2 <secret>';
    const text = manifest(
      { name: '${V}', handler: '${V}', trigger: '${V}' },
      'callers: ["${V}"]',
      'database: ${V}',
      'collection: ${V}',
    );
    const problems = problemsOf(text, { V: value });
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
      expect(frame).toContain('${V}');
    }
  });

  it('are not shown either where two entries become one by them', () => {
    const entry = (name: string) => `  - {name: "${name}", handler: "https://e.com/\${V}", trigger: open}\n`;
    const problems = problemsOf(`webhooks:\n${entry('${V}-a')}${entry('${V}-b')}${entry('${V}-a')}`, { V: 'hunter2' });
    expect(problems.map(({ code }) => code)).toEqual(['duplicate-webhook', 'duplicate-name']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    expect(problems[1]?.message).toContain('"${V}-a"');
  });
});

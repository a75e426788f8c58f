import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createMetrics } from '../../src/status/metrics.js';
import { snapshotOf } from '../../src/status/summarize.js';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startProcessWithStatus } from '../helpers/status.js';
import { at, itemsAt, ROOT, read, readYaml } from './files.js';

const FOLDER = 'docs/deploy/prometheus';
const RULES = `${FOLDER}/copernica-webhooks.rules.yml`;
const RULE_RESOURCE = 'docs/deploy/kubernetes/with-servicemonitor/prometheusrule.yaml';
const RULE_TESTS = 'test/deploy/prometheus/rules.test.yml';

/** Of Prometheus itself. CI brings it along (.ci/run); where it is not, what needs it is skipped. */
const PROMTOOL = process.env.PROMTOOL ?? 'promtool';
const promtoolIsThere = spawnSync(PROMTOOL, ['--version']).status === 0;

function promtool(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, {
    cwd: ROOT,
    encoding: 'utf8',
    ...(input && { input }),
  });
  return { status, output: stdout + stderr };
}

const alerts = itemsAt(readYaml(RULES), 'groups', 0, 'rules');
const namesOf = (text: string) => [...new Set(text.match(/\bcopernica_webhooks_\w+/g) ?? [])].sort();

/** Name, type and labels of our own metrics, as the registry has them. */
async function ownMetrics() {
  const text = await createMetrics('1').text(snapshotOf([], { version: '1', startedAt: new Date(), now: new Date() }));
  return [...text.matchAll(/^# TYPE copernica_webhooks_(\w+) (\w+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }));
}

describe('the alerts', () => {
  it('speak of metrics that there are', async () => {
    const known = (await ownMetrics()).map(({ name }) => `copernica_webhooks_${name}`);
    const used = namesOf(alerts.map((alert) => String(at(alert, 'expr'))).join('\n'));
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('have a severity and a summary each', () => {
    const alert = z.strictObject({
      alert: z.string().regex(/^CopernicaWebhooks[A-Z]\w+$/),
      expr: z.string(),
      for: z.string().optional(),
      labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
      annotations: z.strictObject({ summary: z.string() }),
    });
    expect(z.array(alert).min(10).safeParse(alerts).error).toBeUndefined();
  });

  it('are each tested to fire, and to be silent', () => {
    const tests = itemsAt(readYaml(RULE_TESTS), 'tests').flatMap((test) => itemsAt(test, 'alert_rule_test'));
    for (const name of alerts.map((alert) => at(alert, 'alert'))) {
      const fires = tests
        .filter((test) => at(test, 'alertname') === name)
        .map((test) => itemsAt(test, 'exp_alerts').length > 0);
      expect([...new Set(fires)].sort(), String(name)).toEqual([false, true]);
    }
  });

  it('are the same on the page and for the Prometheus operator', () => {
    expect(read('docs/status.md')).toContain(`\`\`\`yaml\n${read(RULES)}\`\`\`\n`);
    expect(readYaml(RULE_RESOURCE)).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: at(readYaml('docs/deploy/kubernetes/with-servicemonitor/servicemonitor.yaml'), 'metadata'),
    });
    expect(at(readYaml(RULE_RESOURCE), 'spec')).toEqual(readYaml(RULES));
  });
});

describe('the table of metrics in docs/status.md', () => {
  it('has each with its type, and no other', async () => {
    const section = read('docs/status.md').split('## Metrics')[1] ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name = '', type = '']) => ({ name, type }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(rows.sort(byName)).toEqual((await ownMetrics()).sort(byName));
  });
});

describe.skipIf(!promtoolIsThere)('promtool', () => {
  it('finds nothing wrong with the metrics of a daemon, with one account and with several', async () => {
    const single = await startProcessWithStatus(await exampleAlone(), '--sandbox');
    await single.until(({ ready }) => ready);
    const several = await startProcessWithStatus(await twoAccounts(), '--init', '--config', 'settings.yaml');
    await several.until(({ ready }) => ready);
    for (const { get } of [single, several]) {
      const { body } = await get('/metrics');
      expect(body).toContain('copernica_webhooks_managed');
      expect(promtool(['check', 'metrics'], body)).toEqual({ status: 0, output: '' });
    }
  });

  it('complains of a metric that is not as it should be', () => {
    const { status, output } = promtool(['check', 'metrics'], '# TYPE runs counter\nruns 1\n');
    expect([status, output]).toEqual([3, expect.stringContaining('_total')]);
  });

  it('finds nothing wrong with the rules and the configuration', () => {
    expect(promtool(['check', 'rules', '--lint-fatal', RULES])).toMatchObject({ status: 0 });
    expect(promtool(['check', 'config', '--lint-fatal', join(FOLDER, 'prometheus.yml')])).toMatchObject({ status: 0 });
  });

  it('sees each alert fire when it should, and be silent when it should not', () => {
    expect(promtool(['test', 'rules', RULE_TESTS])).toMatchObject({ status: 0 });
  });
});

async function exampleAlone(): Promise<Workplace> {
  const place = await Workplace.open();
  await place.write('webhooks.yaml', read('webhooks.example.yaml'));
  return place;
}

async function twoAccounts(): Promise<Workplace> {
  const identity = (id: string) => ({ id, name: id, description: '', company: '' });
  const sandbox = await openSandbox({
    faults: ['create:before:400'],
    accounts: [
      { token: 'token-of-account-1', identity: identity('1') },
      { token: 'token-of-account-2', identity: identity('2') },
    ],
  });
  const place = await Workplace.open(sandbox);
  Object.assign(place.environment, { TOKEN_1: 'token-of-account-1', TOKEN_2: 'token-of-account-2' });
  await place.manifest([{ name: 'a', handler: 'https://a.example/x', trigger: 'create' }]);
  const accounts = ['1', '2'].map((n) => ({
    name: `account-${n}`,
    state: `${n}.jsonl`,
    'access-token-env': `TOKEN_${n}`,
  }));
  // JSON is YAML.
  await place.write('settings.yaml', JSON.stringify({ accounts }));
  return place;
}

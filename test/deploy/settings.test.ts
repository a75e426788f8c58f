import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveTexts } from '../helpers/settings.js';
import { at, itemsAt, read, readYaml } from './files.js';

type Environment = Readonly<Record<string, string>>;

/** What the image says itself. */
function ofImage(): Environment {
  const [, lines = ''] = /^ENV (.*)$/m.exec(read('Dockerfile').replaceAll(/\\\n */g, '')) ?? [];
  return Object.fromEntries(lines.split(' ').map((each) => each.split('=', 2) as [string, string]));
}

const ofContainer = (container: unknown): Environment =>
  Object.fromEntries(itemsAt(container, 'env').map((each) => [String(at(each, 'name')), String(at(each, 'value'))]));

const DEPLOYMENT = at(readYaml('docs/deploy/kubernetes/base/deployment.yaml'), 'spec', 'template', 'spec');
const CRON_JOB = at(
  readYaml('docs/deploy/kubernetes/cronjob/cronjob.yaml'),
  'spec',
  'jobTemplate',
  'spec',
  'template',
  'spec',
);
const REPLICAS = at(
  parse(String(at(readYaml('docs/deploy/kubernetes/replicas/kustomization.yaml'), 'patches', 1, 'patch'))),
  'spec',
  'template',
  'spec',
);
const firstOf = (pod: unknown) => ofContainer(at(pod, 'containers', 0));
/** With no variable of the person who starts it. */
const ofService = (file: string, name: string): Environment => {
  const said = at(readYaml(file), 'services', name, 'environment') as Environment;
  const text = JSON.stringify(said).replace(/\$\{\w+:-(\w*)\}/g, '$1');
  return JSON.parse(text) as Environment;
};

describe('what a container sets, with what its image sets', () => {
  it.each<[string, Environment, string]>([
    ['the Deployment', firstOf(DEPLOYMENT), 'file'],
    ['the CronJob', firstOf(CRON_JOB), 'file'],
    ['the replicas', { ...firstOf(DEPLOYMENT), ...firstOf(REPLICAS) }, 'database'],
    ['compose.yaml', ofService('compose.yaml', 'webhooks'), 'file'],
    ['compose.postgresql.yaml', ofService('compose.postgresql.yaml', 'webhooks'), 'database'],
    ['compose.yaml, sandbox', ofService('compose.yaml', 'sandbox'), 'file'],
  ])('is accepted, and keeps the state where it should be: %s', (_what, environment, kept) => {
    const { resolved, problems } = resolveTexts({ environment: { ...ofImage(), ...environment } });
    expect(problems).toEqual([]);
    const settings = resolved?.accounts[0]?.settings;
    expect(settings?.stateFile === undefined ? 'file' : 'database').toBe(kept);
  });
});

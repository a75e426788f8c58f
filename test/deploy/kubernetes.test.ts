import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { NOTHING_HIDDEN } from '../../src/manifest/interpolate.js';
import { loadValidManifest } from '../../src/manifest/load.js';
import { atNight } from '../helpers/night.js';
import { at, filesUnder, itemsAt, ROOT, readDocuments, readYaml } from './files.js';
import { problemsOf } from './kubernetes-types.js';

const FOLDER = 'docs/deploy/kubernetes';
const yamlFiles = filesUnder(FOLDER).filter((path) => path.endsWith('.yaml'));
const kustomizations = yamlFiles.filter((path) => path.endsWith('kustomization.yaml'));
const MANIFEST = `${FOLDER}/common/webhooks.yaml`;
const MONITOR = `${FOLDER}/with-servicemonitor/servicemonitor.yaml`;
const RULE = `${FOLDER}/with-servicemonitor/prometheusrule.yaml`;
const resourceFiles = yamlFiles.filter(
  (path) => !kustomizations.includes(path) && ![MANIFEST, MONITOR, RULE].includes(path),
);
const deployment = readYaml(`${FOLDER}/base/deployment.yaml`);
const cronJob = readYaml(`${FOLDER}/cronjob/cronjob.yaml`);
const pods = {
  Deployment: at(deployment, 'spec', 'template', 'spec'),
  CronJob: at(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec'),
};

describe('the resources for Kubernetes', () => {
  atNight('are as the schema of the API says', () => {
    expect(resourceFiles.length).toBeGreaterThan(4);
    expect(problemsOf(resourceFiles.flatMap((path) => readDocuments(path)))).toEqual([]);
  });

  atNight('would be found out with a misspelt field, a value of another type or a missing one', () => {
    const text = JSON.stringify(deployment);
    const broken = [
      text.replace('"runAsNonRoot"', '"runAsNonRot"'),
      text.replace('"replicas":1', '"replicas":"1"'),
      text.replace('"mountPath":"/data"', '"mountPaths":"/data"'),
    ];
    expect(problemsOf(broken.map((wrong) => JSON.parse(wrong)))).toHaveLength(broken.length);
  });

  it('are each part of a kustomization, and each kustomization names only what is there', () => {
    const named = kustomizations.flatMap((path) =>
      [...itemsAt(readYaml(path), 'resources'), ...itemsAt(readYaml(path), 'configMapGenerator', 0, 'files')].map(
        (name) => join(dirname(path), String(name)),
      ),
    );
    for (const name of named) expect([...yamlFiles, ...kustomizations.map(dirname)], name).toContain(name);
    const loose = [...resourceFiles, MANIFEST, MONITOR, RULE].filter((path) => !named.includes(path));
    expect(loose).toEqual([`${FOLDER}/secret.example.yaml`]);
  });

  const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  it.skipIf(!kubectl)('build with kustomize', () => {
    for (const path of kustomizations) {
      const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(ROOT, dirname(path))]);
      expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
      expect(String(stdout)).toContain('kind: ConfigMap');
    }
  });

  it('have a manifest that is valid', async () => {
    expect(loadValidManifest(join(ROOT, MANIFEST), {}, NOTHING_HIDDEN).entries).toHaveLength(1);
  });

  it('leave one process at a time with the state', () => {
    expect(at(deployment, 'spec', 'replicas')).toBe(1);
    expect(at(deployment, 'spec', 'strategy', 'type')).toBe('Recreate');
    expect(at(cronJob, 'spec', 'concurrencyPolicy')).toBe('Forbid');
  });

  it('have replicas only where the state is in a database, and one of them is left when nodes are drained', () => {
    const patches = itemsAt(readYaml(`${FOLDER}/replicas/kustomization.yaml`), 'patches').map(
      (each) => parse(String(at(each, 'patch'))) as unknown,
    );
    const [claim, replicas] = patches;
    const state = readYaml(`${FOLDER}/common/state.yaml`);
    expect([at(claim, 'kind'), at(claim, 'metadata', 'name'), at(claim, '$patch')]).toEqual([
      'PersistentVolumeClaim',
      at(state, 'metadata', 'name'),
      'delete',
    ]);
    expect(at(replicas, 'metadata', 'name')).toBe(at(deployment, 'metadata', 'name'));
    expect(at(replicas, 'spec')).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });
    const container = at(replicas, 'spec', 'template', 'spec', 'containers', 0);
    expect(at(container, 'name')).toBe(at(pods.Deployment, 'containers', 0, 'name'));
    const setting = itemsAt(container, 'env').find((each) => at(each, 'name') === 'COPERNICA_WEBHOOKS_STATE_FILE');
    const secret = itemsAt(pods.Deployment, 'containers', 0, 'volumeMounts').find(
      (each) => at(each, 'name') === 'token',
    );
    expect(String(at(setting, 'value'))).toBe(`${at(secret, 'mountPath')}/state`);
    const budget = readYaml(`${FOLDER}/replicas/poddisruptionbudget.yaml`);
    expect(at(budget, 'spec', 'minAvailable')).toBe(1);
    expect(at(budget, 'spec', 'selector')).toEqual(at(deployment, 'spec', 'selector'));
  });

  it('let nothing but the monitoring namespace reach the status page, and leave all else as it is', () => {
    const policy = readYaml(`${FOLDER}/base/networkpolicy.yaml`);
    expect(at(policy, 'metadata', 'namespace')).toBe(at(deployment, 'metadata', 'namespace'));
    expect(at(policy, 'spec', 'podSelector', 'matchLabels')).toEqual(
      at(deployment, 'spec', 'template', 'metadata', 'labels'),
    );
    // No Egress: the daemon has to reach the API, wherever that is.
    expect(at(policy, 'spec', 'policyTypes')).toEqual(['Ingress']);
    const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
    const port = at(pods.Deployment, 'containers', 0, 'ports', 0, 'name');
    expect(at(policy, 'spec', 'ingress')).toEqual([{ from: [monitoring], ports: [{ protocol: 'TCP', port }] }]);
  });

  it('have a ServiceMonitor that finds the service’s port', () => {
    const monitor = z.strictObject({
      apiVersion: z.literal('monitoring.coreos.com/v1'),
      kind: z.literal('ServiceMonitor'),
      metadata: z.strictObject({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()) }),
      spec: z.strictObject({
        selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
        endpoints: z.array(z.strictObject({ port: z.string(), path: z.string(), interval: z.string() })).min(1),
      }),
    });
    const { metadata, spec } = monitor.parse(readYaml(MONITOR));
    const service = readYaml(`${FOLDER}/base/service.yaml`);
    expect(spec.selector.matchLabels).toEqual(at(service, 'metadata', 'labels'));
    expect(metadata.namespace).toBe(at(service, 'metadata', 'namespace'));
    expect(spec.endpoints.map(({ port }) => port)).toEqual([at(service, 'spec', 'ports', 0, 'name')]);
    expect(at(service, 'spec', 'selector')).toEqual(at(deployment, 'spec', 'template', 'metadata', 'labels'));
    expect(itemsAt(pods.Deployment, 'containers', 0, 'ports').map((port) => at(port, 'name'))).toContain(
      at(service, 'spec', 'ports', 0, 'targetPort'),
    );
  });
});

describe.each(Object.entries(pods))('the pod of the %s', (_kind, pod) => {
  it('is allowed under the restricted Pod Security Standard, and its root file system can’t be written', () => {
    expect(at(pod, 'securityContext')).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const container of itemsAt(pod, 'containers')) {
      expect(at(container, 'securityContext')).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) expect(at(pod, field)).toBeUndefined();
    for (const volume of itemsAt(pod, 'volumes')) {
      const kinds = Object.keys(volume as object).filter((key) => key !== 'name');
      expect(['configMap', 'persistentVolumeClaim', 'secret']).toEqual(expect.arrayContaining(kinds));
    }
  });

  it('mounts each of its volumes once, and the manifest as a folder', () => {
    const mounts = itemsAt(pod, 'containers', 0, 'volumeMounts');
    expect(mounts.map((mount) => at(mount, 'name'))).toEqual(
      itemsAt(pod, 'volumes').map((volume) => at(volume, 'name')),
    );
    expect(mounts.filter((mount) => at(mount, 'subPath') !== undefined)).toEqual([]);
  });
});

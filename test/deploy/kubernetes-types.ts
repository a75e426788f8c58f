import { join } from 'node:path';
import ts from 'typescript';
import { at, ROOT } from './files.js';

/** Kind → where the types that are generated from the API's own schema have it. */
const TYPES: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'core/v1',
  'v1 Namespace': 'core/v1',
  'v1 PersistentVolumeClaim': 'core/v1',
  'v1 Secret': 'core/v1',
  'v1 Service': 'core/v1',
  'apps/v1 Deployment': 'apps/v1',
  'networking.k8s.io/v1 NetworkPolicy': 'networking/v1',
  'batch/v1 CronJob': 'batch/v1',
  'policy/v1 PodDisruptionBudget': 'policy/v1',
};

const VIRTUAL_FILE = join(ROOT, 'test/deploy/resource-under-test.ts');
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

/** The files of types, which stay the same. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Checks resources as the compiler checks object literals: names that the schema doesn't have, values of another type
 * and fields that are missing all count. Returns what is wrong, one line each; none: all are as their schema says.
 */
export function problemsOf(resources: readonly unknown[]): string[] {
  const lines = resources.map((resource, index) => {
    const kind = String(at(resource, 'kind'));
    const place = TYPES[`${String(at(resource, 'apiVersion'))} ${kind}`];
    if (place === undefined) return `${kind}: no type is known here;`;
    return `const r${index}: import('kubernetes-types/${place}').${kind} = ${JSON.stringify(resource, null, 1)}; void r${index};`;
  });
  const text = lines.join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (path, ...rest) => {
    if (path === VIRTUAL_FILE) return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, ...rest));
    return parsed.get(path);
  };
  host.fileExists = (path) => path === VIRTUAL_FILE || fileExists.call(host, path);
  host.readFile = (path) => (path === VIRTUAL_FILE ? text : readFile.call(host, path));
  const program = ts.createProgram([VIRTUAL_FILE], OPTIONS, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '; ').replaceAll('\n', ' '));
}

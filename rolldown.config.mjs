// Makes dist/: the sources and the packages they use, in a few files. Read one by one from node_modules, the modules of
// yaml, zod and commander alone take longer to load than a command takes to run.
import { execSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  transform: { target: 'node20.19' },
  // Native code, which stays in its package.
  external: ['fs-native-extensions'],
  plugins: [{ name: 'accompanying-documents', generateBundle: emitDocuments }],
  output: {
    dir: 'dist',
    cleanDir: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    // A seventh less to start, and names stay as they are.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    // Node names the files and lines of src/ in a stack by them.
    sourcemap: true,
    sourcemapExcludeSources: true,
  },
});

/** What has to go along with a copy of other people's code: their licences, and a list of it for scanners. */
function emitDocuments(_options, bundle) {
  const modules = Object.values(bundle).flatMap((file) => Object.keys(file.modules ?? {}));
  const folders = new Set(modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const licences = [...folders].sort().map(licenceOf);
  const about = 'This program holds code of the packages below, under these licences.';
  this.emitFile({ type: 'asset', fileName: 'LICENCES.txt', source: [about, ...licences].join('\n\n') });
  this.emitFile({ type: 'asset', fileName: 'sbom.cdx.json', source: billOfMaterials() });
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${folder} has no licence: it must not be bundled`);
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
  return `==== ${name} ${version} (${license}) ====\n\n${text}\n`;
}

/** The packages that run, as the lockfile has them, in the form of CycloneDX. */
function billOfMaterials() {
  const bill = JSON.parse(execSync('npm sbom --package-lock-only --include dev --sbom-format cyclonedx'));
  const isForDevelopment = ({ properties }) => properties.some(({ name }) => name === 'cdx:npm:package:development');
  // Left out here, since --omit dev also leaves out what both sides use.
  const left = new Set(bill.components.filter(isForDevelopment).map((component) => component['bom-ref']));
  bill.components = bill.components.filter((component) => !left.has(component['bom-ref']));
  bill.dependencies = bill.dependencies.filter(({ ref }) => !left.has(ref));
  for (const each of bill.dependencies) each.dependsOn = each.dependsOn.filter((ref) => !left.has(ref));
  // npm takes the name of the checkout's folder.
  bill.metadata.component.name = JSON.parse(readFileSync('package.json', 'utf8')).name;
  return `${JSON.stringify(bill, null, 2)}\n`;
}

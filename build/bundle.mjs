// Makes dist/: the command with everything that it needs in a few files, so that it starts fast.
// Types are not checked here (npm run typecheck does); see docs/architecture.md for how the pieces start.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licencesOf } from './licences.mjs';
import { lighter } from './lighter.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/**
 * What is loaded together in one file rather than in twenty: what every command needs, and stages of a run. What is forgotten here is a file of its own, which costs a little time and
 * nothing else.
 */
const TOGETHER = {
  common: [
    /src.(errors|host|loopback|mask-urls|webhook|plan.change|copernica.(redact|spellings))\.ts$/,
    /src.commands.(accounts|command)\.ts$/,
    /src.manifest.(credentials|limits|printable|suggest)\.ts$/,
    /src.output.(exit-code|paint|plan-json|problems|summary)\.ts$/,
    /src.settings.(account-keys|definitions|load|notify-url|resolve|token|values)\.ts$/,
  ],
  manifest: [/src.manifest.(?!credentials|limits|printable|suggest)[a-z0-9-]+\.ts$/],
  plan: [/src.plan.(guard|live|plan)\.ts$/, /src.recovery.(duplicates|matching|proof)\.ts$/],
  lock: [/src.state.(failures|lock|lock-file|lock-kernel|target)\.ts$/],
  state: [/src.state.(?!failures|lock(?:-file|-kernel)?\.|target)[a-z0-9-]+\.ts$/],
};

const bundle = await rolldown({
  input: { cli: join(root, 'src/main.ts') },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  plugins: [lighter()],
  transform: {
    target: 'node20.19',
    define: {
      PRODUCT_VERSION: JSON.stringify(version),
      // `yaml` looks these up for each lexeme, and the environment of a process is slow to read.
      'process.env.LOG_TOKENS': 'undefined',
      'process.env.LOG_STREAM': 'undefined',
    },
  },
});
rmSync(dist, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: dist,
  // Scripts, not modules: only their compiled form can be kept and handed to V8 (see loader.cjs).
  format: 'cjs',
  entryFileNames: '[name].js',
  // The hash of a chunk is in its name and in the names that others load it by: a build never mixes with another.
  chunkFileNames: 'chunks/[name]-[hash].js',
  codeSplitting: {
    groups: [
      ...['yaml', 'zod', 'undici'].map((name) => ({ name, test: new RegExp(`node_modules.${name}.`) })),
      ...Object.entries(TOGETHER).map(([name, files]) => ({
        name,
        test: (id) => files.some((file) => file.test(id)),
        includeDependenciesRecursively: false,
      })),
    ],
  },
  // For the stack of an internal error (src/places.ts): names stay, and the maps tell the files and lines of src.
  sourcemap: 'hidden',
  sourcemapExcludeSources: true,
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();

const chunks = output.filter(({ type }) => type === 'chunk');
// A single letter with an accent, in a comment of undici, would make its text take twice the memory.
for (const { name, fileName, code } of chunks)
  if (name === 'undici') writeFileSync(join(dist, fileName), escaped(code));
copyFileSync(join(root, 'build/loader.cjs'), join(dist, 'main.js'));
chmodSync(join(dist, 'main.js'), 0o755);
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
const modules = chunks.flatMap((chunk) => Object.keys(chunk.modules));
writeFileSync(join(dist, 'LICENCES.txt'), licencesOf(modules));
execFileSync(process.execPath, [join(root, 'build/compile.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });

function escaped(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// What is loaded lighter than a dependency would have it. Each stands in for one module of one package.

/** How a module of the bundle reaches the packages that are installed beside it. */
const REQUIRE = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";

const REPLACED = [
  {
    // Looks through folders and manifests for the binary, and loads thirty files to do so: 25 ms, where the lock is
    // taken in one. Where the binary is not in the usual place, the package looks for it itself.
    request: './binding',
    importer: /[\\/]fs-native-extensions[\\/]index\.js$/,
    code: `${REQUIRE}
function load() {
  try {
    const folder = require.resolve('fs-native-extensions/package.json').slice(0, -'package.json'.length);
    return require(folder + 'prebuilds/' + process.platform + '-' + process.arch + '/fs-native-extensions.node');
  } catch {
    return require('fs-native-extensions/binding');
  }
}
const binding = load();
export { binding as 'module.exports' };
`,
  },
  {
    // For commands that are programs of their own, of which there are none here.
    request: 'node:child_process',
    importer: /[\\/]commander[\\/]lib[\\/]command\.js$/,
    code: 'export const spawn = undefined;\n',
  },
];

/** A plugin for rolldown. Fails the build when a package no longer has what is replaced. */
export function lighter() {
  const used = new Set();
  return {
    name: 'lighter',
    resolveId(request, importer) {
      const index = REPLACED.findIndex((item) => item.request === request && item.importer.test(importer ?? ''));
      if (index === -1) return null;
      used.add(index);
      return `\0lighter:${index}`;
    },
    load: (id) => (id.startsWith('\0lighter:') ? REPLACED[Number(id.slice('\0lighter:'.length))].code : null),
    buildEnd(error) {
      const unused = REPLACED.filter((_, index) => !used.has(index));
      if (error === undefined && unused.length > 0) throw new Error(`nothing imports ${unused[0].request} any more`);
    },
  };
}

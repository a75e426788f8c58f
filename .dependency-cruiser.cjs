/**
 * The house rules, checked. `pure` is the functional core: no file system, network, clock, process or logger.
 * See docs/architecture.md.
 */
const pure = [
  '^src/(webhook|errors|error-codes|loopback)\\.ts$',
  '^src/text/',
  '^src/output/',
  '^src/completion/shells\\.ts$',
  '^src/settings/(?!load|secrets|small-file)',
  '^src/manifest/(?!load|files)',
  '^src/state/(?!journal|file/(?!failures|line|parse)|postgres/(?!address))',
  '^src/plan/',
  '^src/recovery/(?!recover\\.|read\\.)',
  '^src/copernica/(answer|answer-facts|outcome|answers|api|redact|written-forms)\\.ts$',
  '^src/daemon/(scheduler|leadership|catch-up)\\.ts$',
  '^src/doctor/(check|file-systems|verify)\\.ts$',
  '^src/sandbox/model',
  '^src/notices/(incident|message)\\.ts$',
  '^src/status/(?!answers|ask|metrics|reporter|server|status\\.)',
];
/** node-cron: for whether a schedule names times; util: for its colours; zlib: for its CRC-32; crypto: for digests. */
const pureLibraries = ['^node_modules/(zod|yaml|node-cron|fast-string-width)/', '^(node:)?(crypto|util|zlib)$'];

module.exports = {
  forbidden: [
    {
      name: 'pure-core-imports-no-edge',
      comment: 'Pure files import pure files and pure libraries, nothing else. Move the I/O to an edge file.',
      severity: 'error',
      from: { path: pure },
      to: { pathNot: [...pure, ...pureLibraries] },
    },
    {
      name: 'sandbox-shares-nothing-with-the-client',
      comment: 'If both used one piece of code, they would share one misunderstanding of the API.',
      severity: 'error',
      from: { path: '^src/sandbox/' },
      to: { path: '^src/copernica/' },
    },
    {
      name: 'client-shares-nothing-with-the-sandbox',
      severity: 'error',
      from: { path: '^src/copernica/' },
      to: { path: '^src/sandbox/' },
    },
    {
      name: 'undici-only-in-the-client',
      severity: 'error',
      from: { pathNot: '^src/copernica/' },
      to: { path: '^node_modules/undici/' },
    },
    {
      name: 'stages-do-not-reach-into-each-other',
      comment: 'A file with I/O imports pure files and its own stage; main.ts and commands put them together.',
      severity: 'error',
      from: { path: '^src/(manifest|state|copernica|sandbox|settings)/' },
      to: { path: '^src/(manifest|state|copernica|sandbox|settings)/', pathNot: ['^src/$1/', ...pure] },
    },
    {
      name: 'prom-client-only-in-the-metrics',
      comment: 'What Prometheus sees stands in one place.',
      severity: 'error',
      from: { pathNot: '^src/status/metrics\\.ts$' },
      to: { path: '^node_modules/prom-client/' },
    },
    { name: 'nothing-imports-main', severity: 'error', from: {}, to: { path: '^src/main\\.ts$' } },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dev-dependencies',
      comment: 'Also what the build bundles is a dependency: audits and scanners look at those.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

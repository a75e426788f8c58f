/**
 * What is checked, in the order in which it is told: what lies at hand first, then what needs the network, and whatever
 * rests on something else after that.
 */
export const CHECKS = {
  settings: { section: 'Settings', name: 'settings' },
  environment: { section: 'Settings', name: 'environment' },
  'ca-file': { section: 'Settings', name: 'certificate file' },
  proxy: { section: 'Settings', name: 'proxy' },
  'tls-verification': { section: 'Settings', name: 'verification of certificates' },
  token: { section: 'Settings', name: 'access token' },
  manifest: { section: 'Manifest', name: 'manifest' },
  'manifest-mount': { section: 'Manifest', name: 'mount' },
  'state-folder': { section: 'State', name: 'folder' },
  'state-disk': { section: 'State', name: 'disk' },
  'state-space': { section: 'State', name: 'space' },
  'state-locks': { section: 'State', name: 'locks' },
  'state-flush': { section: 'State', name: 'flushing' },
  'state-holder': { section: 'State', name: 'lock' },
  'state-file': { section: 'State', name: 'state file' },
  'state-mode': { section: 'State', name: 'mode' },
  uncertain: { section: 'State', name: 'uncertain creates' },
  'possibly-duplicated': { section: 'State', name: 'possible doubles' },
  'auth-reach': { section: 'API', name: 'authentication host' },
  'token-trade': { section: 'API', name: 'trade of the token' },
  'api-reach': { section: 'API', name: 'host' },
  'api-answer': { section: 'API', name: 'answer' },
  'token-accepted': { section: 'API', name: 'token accepted' },
  clock: { section: 'API', name: 'clock' },
  'list-call': { section: 'API', name: 'list of webhooks' },
  account: { section: 'Account', name: 'account' },
  'state-account': { section: 'Account', name: 'state’s account' },
  schedule: { section: 'Daemon (run)', name: 'schedule' },
  'file-watching': { section: 'Daemon (run)', name: 'file watching' },
  'status-address': { section: 'Daemon (run)', name: 'status address' },
  handler: { section: 'Handlers (a TLS handshake each; nothing is sent)', name: 'handler' },
} as const;

export type CheckId = keyof typeof CHECKS;

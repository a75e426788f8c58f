import * as api from './api.js';
import { type Check, skipped } from './check.js';
import type { Context } from './context.js';
import { checkHandlers } from './handlers.js';
import * as settings from './settings.js';
import * as state from './state.js';

const SETTINGS = 'Settings';
const MANIFEST = 'Manifest';
const STATE = 'State';
const API = 'API';
const ACCOUNT = 'Account';
const HANDLERS = 'Handlers (a TLS handshake each; nothing is sent)';

/**
 * What is checked, in the order in which it is shown: what lies at hand first, then what needs the network, and
 * whatever depends on something else after that.
 */
export const CHECKS: readonly Check<Context>[] = [
  { id: 'settings', section: SETTINGS, name: 'settings', run: settings.checkSettings },
  { id: 'environment', section: SETTINGS, name: 'environment', run: settings.checkEnvironment },
  { id: 'ca-file', section: SETTINGS, name: 'certificate file', run: settings.checkCaFile },
  { id: 'proxy', section: SETTINGS, name: 'proxy', run: settings.checkProxy },
  {
    id: 'tls-verification',
    section: SETTINGS,
    name: 'verification of certificates',
    run: settings.checkTlsVerification,
  },
  { id: 'token', section: SETTINGS, name: 'access token', run: ofAccount(settings.checkToken) },

  { id: 'manifest', section: MANIFEST, name: 'manifest', run: settings.checkManifest },
  { id: 'manifest-mount', section: MANIFEST, name: 'mount', run: settings.checkManifestMount },

  { id: 'state-folder', section: STATE, name: 'folder', run: ofAccount(state.checkStateFolder) },
  { id: 'state-disk', section: STATE, name: 'disk', needs: ['state-folder'], run: state.checkStateDisk },
  { id: 'state-space', section: STATE, name: 'space', needs: ['state-folder'], run: state.checkStateSpace },
  { id: 'state-locks', section: STATE, name: 'locks', needs: ['state-folder'], run: state.checkStateLocks },
  { id: 'state-flush', section: STATE, name: 'flushing', needs: ['state-folder'], run: state.checkStateFlush },
  { id: 'state-holder', section: STATE, name: 'lock', run: ofAccount(state.inFolder(state.checkStateHolder)) },
  { id: 'state-file', section: STATE, name: 'state file', run: ofAccount(state.inFolder(state.checkStateFile)) },
  { id: 'state-mode', section: STATE, name: 'mode', needs: ['state-file'], run: state.ofState(state.checkStateMode) },
  {
    id: 'uncertain',
    section: STATE,
    name: 'uncertain creates',
    needs: ['state-file'],
    run: state.ofState(state.uncertainFinding),
  },
  {
    id: 'possibly-duplicated',
    section: STATE,
    name: 'possible duplicates',
    needs: ['state-file'],
    run: state.ofState(state.duplicatesFinding),
  },

  {
    id: 'auth-reach',
    section: API,
    name: 'authentication host',
    needs: ['ca-file', 'proxy'],
    run: ofJwt(ofAccount(api.checkAuthReach)),
  },
  {
    id: 'token-trade',
    section: API,
    name: 'trade of the token',
    needs: ['token', 'auth-reach'],
    run: ofJwt(api.checkTokenTrade),
  },
  { id: 'api-reach', section: API, name: 'host', needs: ['ca-file', 'proxy'], run: ofAccount(api.checkApiReach) },
  {
    id: 'api-answer',
    section: API,
    name: 'answer',
    needs: ['token', 'token-trade', 'api-reach'],
    run: api.checkApiAnswer,
  },
  { id: 'token-accepted', section: API, name: 'token accepted', needs: ['api-answer'], run: api.checkTokenAccepted },
  { id: 'clock', section: API, name: 'clock', needs: ['api-reach'], run: api.checkClock },
  { id: 'list-call', section: API, name: 'list of webhooks', needs: ['token-accepted'], run: api.checkListCall },

  { id: 'account', section: ACCOUNT, name: 'account', needs: ['token-accepted'], run: api.checkAccount },
  {
    id: 'state-account',
    section: ACCOUNT,
    name: 'state’s account',
    needs: ['state-file', 'account'],
    run: api.checkStateAccount,
  },

  { id: 'handler', section: HANDLERS, name: 'handler', needs: ['manifest'], run: checkHandlers },
];

/**
 * About the user's account and state, which the sandbox needs none of. Whatever depends on these is skipped with them.
 */
function ofAccount(run: Check<Context>['run']): Check<Context>['run'] {
  return (context) =>
    context.settings.sandbox ? skipped('not checked: the sandbox has an account and a state of its own') : run(context);
}

/** About version 4 of the API alone. */
function ofJwt(run: Check<Context>['run']): Check<Context>['run'] {
  return (context) => (context.settings.apiVersion === '4' ? run(context) : []);
}

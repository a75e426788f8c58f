import type { StatePlace } from '../settings/state-place.js';
import { checkAccount, checkApiReach, checkClock, checkStateAccount } from './api.js';
import { type Check, skipped } from './check.js';
import type { Context } from './context.js';
import * as database from './database.js';
import { checkDeliveries } from './deliveries.js';
import { checkHandlers } from './handlers.js';
import * as settings from './settings.js';
import * as state from './state.js';

/**
 * All checks in the order in which they are shown: first what is at hand, then what needs the network, then whatever
 * depends on something else.
 */
export const CHECKS: readonly Check<Context>[] = [
  ...section('Settings', [
    { id: 'settings', run: settings.checkSettings },
    { id: 'environment', run: settings.checkEnvironment },
    { id: 'ca-file', run: settings.checkCaFile },
    { id: 'proxy', run: settings.checkProxy },
    { id: 'token', run: ofAccount(settings.checkToken) },
  ]),
  ...section('Manifest', [{ id: 'manifest', run: settings.checkManifest }]),
  ...section('State', [
    { id: 'state-folder', run: inA('file', ofAccount(state.checkStateFolder)) },
    { id: 'state-disk', needs: ['state-folder'], run: inA('file', state.checkStateDisk) },
    { id: 'state-locks', needs: ['state-folder'], run: inA('file', state.checkStateLocks) },
    { id: 'state-database', run: inA('postgres', ofAccount(database.checkDatabase)) },
    { id: 'state-rights', needs: ['state-database'], run: inA('postgres', database.checkRights) },
    { id: 'state-holder', needs: ['state-folder', 'state-database', 'state-rights'], run: state.checkStateHolder },
    { id: 'state-file', needs: ['state-folder'], run: inA('file', state.checkStateFile) },
    { id: 'state-schema', needs: ['state-database', 'state-rights'], run: inA('postgres', database.checkSchema) },
  ]),
  ...section('API', [
    { id: 'api-reach', needs: ['ca-file', 'proxy'], run: ofAccount(checkApiReach) },
    { id: 'clock', needs: ['api-reach'], run: checkClock },
    { id: 'account', needs: ['token', 'api-reach'], run: checkAccount },
    { id: 'state-account', needs: ['state-file', 'state-schema', 'account'], run: checkStateAccount },
    { id: 'deliveries', needs: ['account'], run: checkDeliveries },
  ]),
  ...section('Handlers (a TLS handshake each; nothing is sent)', [
    { id: 'handler', needs: ['manifest'], run: checkHandlers },
  ]),
];

function section(name: string, checks: readonly Omit<Check<Context>, 'section'>[]): Check<Context>[] {
  return checks.map((check) => ({ ...check, section: name }));
}

/** A check for a state in a file, or for one in a database. It does not apply to the other. */
function inA(kind: StatePlace['kind'], run: Check<Context>['run']): Check<Context>['run'] {
  return (context) => (context.account.statePlace.kind === kind ? run(context) : []);
}

/**
 * A check of the user's account and state, which the sandbox does not need. Whatever depends on it is skipped with it.
 */
function ofAccount(run: Check<Context>['run']): Check<Context>['run'] {
  return (context) =>
    context.settings.sandbox ? skipped(': the sandbox has an account and a state of its own') : run(context);
}

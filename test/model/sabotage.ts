import type { CopernicaApi } from '../../src/copernica/api.js';
import type { OpenJournal, ReconcilerEdges } from '../../src/reconcile/edges.js';
import type { RunOptions } from '../../src/reconcile/run-once.js';
import type { StateRecord } from '../../src/state/records.js';

/** A way in which the program could be wrong, put in at its edges: the simulation must notice each. */
export interface Sabotage {
  edges?(edges: ReconcilerEdges): ReconcilerEdges;
  options?(options: RunOptions): RunOptions;
}

function onApi(change: (api: CopernicaApi) => Partial<CopernicaApi>): Sabotage {
  return { edges: (edges) => ({ ...edges, api: { ...edges.api, ...change(edges.api) } }) };
}

function onJournal(change: (journal: OpenJournal) => Partial<OpenJournal>): Sabotage {
  // Not spread: `state` is asked for anew each time.
  const changed = (journal: OpenJournal): OpenJournal => {
    const { write, flush } = { write: journal.write, flush: journal.flush, ...change(journal) };
    return {
      get state() {
        return journal.state;
      },
      write,
      flush,
    };
  };
  return {
    edges: (edges) => ({
      ...edges,
      lockState: async () => {
        const locked = await edges.lockState();
        return {
          ...locked,
          open: async () => {
            const journal = await locked.open();
            return journal === null ? null : changed(journal);
          },
          create: async (account) => changed(await locked.create(account)),
        };
      },
    }),
  };
}

const without = (...types: readonly StateRecord['type'][]) =>
  onJournal((journal) => ({ write: (record) => (types.includes(record.type) ? undefined : journal.write(record)) }));

/** Each a mistake that somebody could make. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a POST goes out before its intent is on disk': onJournal(() => ({ flush: async () => {} })),
  'absence is believed at once': {
    options: (options) => ({ ...options, settling: { ...options.settling, settleMs: 0 } }),
  },
  'hold sends again like recover': { options: (options) => ({ ...options, onUncertain: 'recover' }) },
  'a time-out counts as “nothing was made”': onApi((api) => ({
    createWebhook: async (spec) => {
      const outcome = await api.createWebhook(spec);
      return outcome.kind === 'unknown' ? { kind: 'turned-away', message: outcome.message } : outcome;
    },
  })),
  'a POST is sent again after a time-out': onApi((api) => ({
    createWebhook: async (spec) => {
      const outcome = await api.createWebhook(spec);
      return outcome.kind === 'unknown' ? api.createWebhook(spec) : outcome;
    },
  })),
  'a webhook that can’t be read counts as gone': onApi((api) => ({
    readWebhook: async (id) => {
      const outcome = await api.readWebhook(id);
      return outcome.kind === 'found' ? outcome : { kind: 'gone' };
    },
  })),
  'the next webhook is changed': onApi((api) => ({ updateWebhook: (id, spec) => api.updateWebhook(id + 1, spec) })),
  'a DELETE that failed counts as done': onApi((api) => ({
    deleteWebhook: async (id) => {
      const outcome = await api.deleteWebhook(id);
      return outcome.kind === 'done' || outcome.kind === 'gone' ? outcome : { kind: 'done' };
    },
  })),
  'the next webhook is deleted': onApi((api) => ({ deleteWebhook: (id) => api.deleteWebhook(id + 1) })),
  'the account is not looked at': onApi((api) => ({
    identity: async () => {
      const outcome = await api.identity();
      return outcome.kind === 'identity' ? { ...outcome, identity: { ...outcome.identity, id: '34' } } : outcome;
    },
  })),
  'that a webhook is on its way out is not recorded': without('removed'),
  'every run may delete everything': { options: (options) => ({ ...options, force: true }) },
  'what the API says is printed as it is': {
    edges: (edges) => ({
      ...edges,
      api: {
        ...edges.api,
        createWebhook: async (spec) => {
          edges.log.info(spec.handler);
          return edges.api.createWebhook(spec);
        },
      },
    }),
  },
};

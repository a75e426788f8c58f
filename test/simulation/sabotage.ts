import type { CallFailure, CopernicaApi, CreateOutcome } from '../../src/copernica/api.js';
import type { ReconcilerPorts } from '../../src/reconcile/ports.js';
import type { RunOptions } from '../../src/reconcile/run-once.js';
import type { StateRecord } from '../../src/state/records.js';
import type { OpenJournal } from '../../src/state/store.js';

/** A way in which the program could be wrong, put in at its ports: the simulation must notice each. */
export interface Sabotage {
  /** What the judge or the recorder must say of it: that anything at all is wrong would prove little. */
  readonly shows: RegExp;
  /** Of histories that show it soon: with a stale one it takes longer. */
  readonly seed?: number;
  ports?(ports: ReconcilerPorts): ReconcilerPorts;
  options?(options: RunOptions): RunOptions;
}

function onApi(shows: RegExp, change: (api: CopernicaApi) => Partial<CopernicaApi>): Sabotage {
  return { shows, ports: (ports) => ({ ...ports, api: { ...ports.api, ...change(ports.api) } }) };
}

function onJournal(shows: RegExp, change: (journal: OpenJournal) => Partial<OpenJournal>): Sabotage {
  // Not spread: `state` is asked for anew each time.
  const changed = (journal: OpenJournal): OpenJournal => {
    const { write, flush } = { write: journal.write, flush: journal.flush, ...change(journal) };
    return {
      get state() {
        return journal.state;
      },
      predecessorUntil: journal.predecessorUntil,
      write,
      flush,
    };
  };
  return {
    shows,
    ports: (ports) => ({
      ...ports,
      lockState: async () => {
        const locked = await ports.lockState();
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

const without = (shows: RegExp, ...types: readonly StateRecord['type'][]) =>
  onJournal(shows, (journal) => ({
    write: (record) => (types.includes(record.type) ? undefined : journal.write(record)),
  }));

function isUnknown(outcome: CreateOutcome): outcome is CallFailure {
  return !outcome.ok && outcome.kind === 'unknown';
}

/** Each a mistake that somebody could make. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a POST goes out before its intent is on disk': onJournal(/without an intent on disk/, () => ({
    flush: async () => {},
  })),
  'absence is believed at once': {
    shows: /is open and not settled/,
    options: (options) => ({ ...options, settling: { ...options.settling, settleMs: 0 } }),
  },
  'hold sends again like recover': {
    shows: /is open on hold/,
    seed: 12,
    options: (options) => ({ ...options, onUncertain: 'recover' }),
  },
  'a time-out counts as “nothing was made”': onApi(/of ours is there, and nobody knows of it/, (api) => ({
    createWebhook: async (spec) => {
      const outcome = await api.createWebhook(spec);
      return isUnknown(outcome) ? { ...outcome, kind: 'turned-away' } : outcome;
    },
  })),
  'a POST is sent again after a time-out': onApi(/without an intent on disk/, (api) => ({
    createWebhook: async (spec) => {
      const outcome = await api.createWebhook(spec);
      return isUnknown(outcome) ? api.createWebhook(spec) : outcome;
    },
  })),
  'the next webhook is changed': onApi(/update of webhook \d+, which is not ours/, (api) => ({
    updateWebhook: (id, spec) => api.updateWebhook(id + 1, spec),
  })),
  'an update is sent to the old form': onApi(/is not as it says/, (api) => ({
    updateWebhook: async (id, spec) => {
      const outcome = await api.readWebhook(id);
      const live = outcome.ok && outcome.value !== 'gone' ? outcome.value : spec;
      return api.updateWebhook(id, { ...spec, handler: live.handler });
    },
  })),
  'a DELETE that failed counts as done': {
    ...onApi(/of ours is there, and nobody knows of it/, (api) => ({
      deleteWebhook: async (id) => {
        const outcome = await api.deleteWebhook(id);
        return outcome.ok ? outcome : { ok: true, value: 'done' };
      },
    })),
    seed: 301,
  },
  'the next webhook is deleted': onApi(/delete of webhook \d+, which is not ours/, (api) => ({
    deleteWebhook: (id) => api.deleteWebhook(id + 1),
  })),
  'nothing is ever deleted': onApi(/is still to be deleted/, () => ({
    deleteWebhook: async () => ({ ok: false, kind: 'turned-away', message: 'later' }),
  })),
  'what left the manifest is not pruned': {
    shows: /was not pruned/,
    seed: 5003,
    options: (options) => ({ ...options, prune: false }),
  },
  'the account is not looked at': onApi(/was sent, and the account is other/, (api) => ({
    identity: async () => {
      const outcome = await api.identity();
      return outcome.ok ? { ok: true, value: { ...outcome.value, id: '34' } } : outcome;
    },
  })),
  'something is sent before the account is known': onApi(/was sent, and the account is unknown/, (api) => ({
    identity: async () => ({ ok: true, value: { id: '34', name: 'assumed', company: '' } }),
    listWebhooks: api.listWebhooks,
  })),
  'the id in an answer is taken for the next one': onApi(/took webhook \d+ for ours/, (api) => ({
    createWebhook: async (spec) => {
      const outcome = await api.createWebhook(spec);
      return outcome.ok ? { ok: true, value: outcome.value + 1 } : outcome;
    },
  })),
  'nothing is ever made': onApi(/webhook none is not there/, () => ({
    createWebhook: async () => ({ ok: false, kind: 'refused', message: 'no' }),
  })),
  'a broken manifest counts as empty': {
    shows: /sent something for a broken manifest/,
    ports: (ports) => ({
      ...ports,
      loadManifest: () => ports.loadManifest().catch(() => ({ entries: [], removed: [], warnings: [] })),
    }),
  },
  'that a webhook is on its way out is not recorded': without(/is still to be deleted/, 'removed'),
  'every run may delete everything': {
    shows: /deleted \d+ of \d+ without being forced to/,
    seed: 25,
    options: (options) => ({ ...options, force: true }),
  },
  'what is sent is printed as it is': {
    shows: /printed hunter2/,
    ports: (ports) => ({
      ...ports,
      api: {
        ...ports.api,
        createWebhook: async (spec) => {
          ports.log.info(spec.handler);
          return ports.api.createWebhook(spec);
        },
      },
    }),
  },
  'an error of the API is no error of the program’s own kind': onApi(/threw Error: boom/, () => ({
    updateWebhook: () => Promise.reject(new Error('boom')),
  })),
};

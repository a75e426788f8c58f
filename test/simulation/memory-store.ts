import { productError } from '../../src/errors.js';
import type { Disk } from '../../src/state/file/disk.js';
import { existsFailure } from '../../src/state/file/failures.js';
import type { FileJournal } from '../../src/state/file/journal.js';
import { createJournal, openJournal } from '../../src/state/file/open.js';
import type { Holder, StateLease, StateStore, TakeOptions } from '../../src/state/store.js';
import { STATE_PATH, stateIn } from './terms.js';

/** Who has the lease: one for all stores that share a disk. */
export interface Tenancy {
  holder: Holder | null;
}

/**
 * The real journal on a simulated disk: a file store but for what that asks of the real system (symbolic links and the
 * locks of the kernel), which takes real time.
 */
export function memoryStore(disk: Disk, tenancy: Tenancy): StateStore {
  const where = { path: STATE_PATH, target: STATE_PATH, disk };
  const openIfThere = () =>
    disk.open(STATE_PATH, 'r+').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });

  const lease = ({ holder, onRepaired }: TakeOptions): StateLease => {
    let journal: FileJournal | null = null;
    const open = async () => {
      if (journal !== null) return journal;
      const file = await openIfThere();
      const opened = file === null ? null : await openJournal(where, file);
      for (const warning of opened?.repaired ?? []) onRepaired?.(warning);
      journal = opened?.journal ?? null;
      return journal;
    };
    return {
      place: STATE_PATH,
      open,
      create: async (account) => {
        if ((await open()) !== null) throw existsFailure(STATE_PATH);
        const begun = { account, createdAt: holder.since, lineage: 'simulated' };
        journal = await createJournal(where, begun, await openIfThere());
        return journal;
      },
      assertSound: () => journal?.assertSound(),
      release: async () => {
        try {
          await journal?.close();
        } finally {
          tenancy.holder = null;
        }
      },
    };
  };

  return {
    place: STATE_PATH,
    read: async () => stateIn((await (await openIfThere())?.read()) ?? Buffer.alloc(0)),
    holder: async () => tenancy.holder ?? 'nobody',
    take: async (options) => {
      if (tenancy.holder !== null) {
        throw productError('refused', { code: 'lock-held', message: `it is held by pid ${tenancy.holder.pid}` });
      }
      tenancy.holder = options.holder;
      return lease(options);
    },
  };
}

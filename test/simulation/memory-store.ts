import { errorCode, productError } from '../../src/errors.js';
import type { Disk } from '../../src/state/file/disk.js';
import { RememberedFile } from '../../src/state/file/remembered.js';
import { leaseOn } from '../../src/state/file/store.js';
import type { Holder, StateStore } from '../../src/state/store.js';
import { STATE_PATH, stateIn } from './terms.js';

/** Who has the lease: one for all stores that share a disk. */
export interface Tenancy {
  holder: Holder | null;
}

/**
 * The real journal and lease on a simulated disk: a file store but for what that asks of the real system (symbolic links
 * and the locks of the kernel), which takes real time.
 */
export function memoryStore(disk: Disk, tenancy: Tenancy): StateStore {
  const remembered = new RememberedFile();
  const openIfThere = () =>
    disk.open(STATE_PATH, 'r+').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });

  return {
    place: STATE_PATH,
    read: async () => stateIn((await (await openIfThere())?.read()) ?? Buffer.alloc(0)),
    holder: async () => tenancy.holder ?? 'nobody',
    take: async (options) => {
      if (tenancy.holder !== null) {
        throw productError('refused', { code: 'lock-held', message: `it is held by pid ${tenancy.holder.pid}` });
      }
      tenancy.holder = options.holder;
      const release = async () => {
        tenancy.holder = null;
      };
      const lock = { target: STATE_PATH, state: await openIfThere(), disk, release };
      return leaseOn(STATE_PATH, lock, options, remembered);
    },
  };
}

import { rm } from 'node:fs/promises';
import { fileStore } from '../../../src/state/file/store.js';
import { Disk } from '../../simulation/disk.js';
import { memoryStore, type Tenancy } from '../../simulation/memory-store.js';
import { STATE_PATH } from '../../simulation/terms.js';
import { FaultyDisk, systemError } from './faulty-disk.js';
import { aStatePath } from './folders.js';
import { describeStore } from './store-suite.js';

describeStore('a file', async () => {
  const path = await aStatePath();
  const disk = new FaultyDisk();
  return {
    open: () => fileStore(path, disk),
    breakDisk: async () => {
      disk.before = (call) => {
        if (call === 'write') throw systemError('ENOSPC');
      };
      return () => {
        disk.before = () => undefined;
      };
    },
    takeAway: () => rm(path),
    lossKind: 'failed',
  };
});

describeStore('the memory of the simulation', async () => {
  const disk = new Disk();
  const tenancy: Tenancy = { holder: null };
  let isBroken = false;
  const gate = {
    pass: async (act: string) => {
      if (isBroken && act === 'write') throw systemError('ENOSPC');
    },
  };
  return {
    open: () => memoryStore(disk.files(gate), tenancy),
    breakDisk: async () => {
      isBroken = true;
      return () => {
        isBroken = false;
      };
    },
    takeAway: () => disk.files(gate).remove(STATE_PATH),
    lossKind: 'failed',
  };
});

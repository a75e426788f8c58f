import { rm } from 'node:fs/promises';
import { productError } from '../../../src/errors.js';
import { fileStore } from '../../../src/state/file/store.js';
import { Members } from '../../../src/state/postgres/membership.js';
import { postgresStore } from '../../../src/state/postgres/store.js';
import type { Tables } from '../../../src/state/postgres/tables.js';
import { connectionTo } from '../../simulation/connection.js';
import { Disk } from '../../simulation/disk.js';
import { memoryStore, type Tenancy } from '../../simulation/memory-store.js';
import { ADDRESS } from '../../simulation/place.js';
import { Server } from '../../simulation/server.js';
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

describeStore('the tables of the simulation', async () => {
  const server = new Server({ now: Date.now }, { onTaken: () => {}, onStored: () => {} });
  const at = (ms: number, task: () => void) => void setTimeout(task, ms).unref();
  const line = { later: at, atServer: at, boundary: () => false, latency: () => 1 };
  const enrolled: string[] = [];
  let isFull = false;
  const open = () => {
    const tables = connectionTo(server, line, [], { onEnrolled: (id) => void enrolled.push(id), onStored: () => {} });
    const append: Tables['append'] = async (lease, group) => {
      if (isFull) throw productError('failed', { code: 'state-failed', message: 'full' });
      return tables.append(lease, group);
    };
    return postgresStore({ address: ADDRESS, members: new Members({ ...tables, append }, 15_000) });
  };
  return {
    open,
    breakDisk: async () => {
      isFull = true;
      return () => {
        isFull = false;
      };
    },
    takeAway: async () => {
      for (const id of enrolled) server.leave(id);
    },
    lossKind: 'refused',
  };
});

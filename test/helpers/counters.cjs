// Loaded before the command by `node --require`: counts flushes and writes to files, and says them when it ends.
//   COUNTS_FILE=FILE       where they are written, as JSON
//   COUNTS_FLUSH_MS=10     each flush takes so much longer, as on a network disk
const fs = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');

const extraMs = Number(process.env.COUNTS_FLUSH_MS ?? 0);
const counts = { flushes: 0, bytesWritten: 0 };
const { open } = fs.promises;

fs.promises.open = async (...args) => {
  const handle = await open(...args);
  for (const name of ['datasync', 'sync']) {
    const flush = handle[name].bind(handle);
    handle[name] = async () => {
      counts.flushes += 1;
      await flush();
      if (extraMs > 0) await delay(extraMs);
    };
  }
  const write = handle.write.bind(handle);
  handle.write = async (...what) => {
    const written = await write(...what);
    counts.bytesWritten += written.bytesWritten;
    return written;
  };
  return handle;
};

process.on('exit', () => fs.writeFileSync(process.env.COUNTS_FILE, JSON.stringify(counts)));

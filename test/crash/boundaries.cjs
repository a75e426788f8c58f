'use strict';
// Loaded before the command: counts every boundary of its I/O (before and after each write, flush, rename and truncation,
// each request that leaves and each answer that comes), and sends the process the signal DIE_BY at the one that DIE_AT
// names, with DIE_TWICE=true at the next one again. BOUNDARIES_FILE gets how many there were.
const fs = require('node:fs');
const promises = require('node:fs/promises');
const { subscribe } = require('node:diagnostics_channel');

const dieAt = Number(process.env.DIE_AT ?? 0);
const signal = process.env.DIE_BY ?? 'SIGKILL';
const again = process.env.DIE_TWICE === 'true';
const writeFileSync = fs.writeFileSync;
let count = 0;

function boundary() {
  count += 1;
  if (count === dieAt || (again && count === dieAt + 1)) process.kill(process.pid, signal);
}

for (const name of ['write', 'fdatasync', 'fsync', 'ftruncate']) {
  const original = fs[name];
  fs[name] = (...args) => {
    const done = args.pop();
    boundary();
    return original.call(fs, ...args, (...results) => {
      boundary();
      done(...results);
    });
  };
}
const { rename } = promises;
promises.rename = async (...args) => {
  boundary();
  await rename(...args);
  boundary();
};
// Told by undici for each request.
subscribe('undici:client:sendHeaders', boundary);
subscribe('undici:request:headers', boundary);

process.on('exit', () => {
  if (process.env.BOUNDARIES_FILE) writeFileSync(process.env.BOUNDARIES_FILE, String(count));
});

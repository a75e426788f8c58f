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

/** The same function, with a boundary before it and one after. */
function between(original) {
  return async (...args) => {
    boundary();
    const result = await original(...args);
    boundary();
    return result;
  };
}

const { open, rename } = promises;
promises.rename = between(rename);
promises.open = async (...args) => {
  const file = await open(...args);
  for (const name of ['write', 'datasync', 'sync', 'truncate']) file[name] = between(file[name].bind(file));
  return file;
};
// Told by undici for each request.
subscribe('undici:client:sendHeaders', boundary);
subscribe('undici:request:headers', boundary);

process.on('exit', () => {
  if (process.env.BOUNDARIES_FILE) writeFileSync(process.env.BOUNDARIES_FILE, String(count));
});

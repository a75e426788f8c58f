'use strict';
// Loaded before the command: counts every boundary of its I/O (before and after each write, flush, rename and truncation,
// each request that leaves and each answer that comes, those of a database at BOUNDARIES_PORT too), and sends the process the signal DIE_BY at the one that DIE_AT
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

// What goes to a database and comes from it.
const database = Number(process.env.BOUNDARIES_PORT ?? 0);
const { Socket } = require('node:net');
const { write, emit } = Socket.prototype;
Socket.prototype.write = function (...args) {
  if (database === 0 || this.remotePort !== database) return write.apply(this, args);
  boundary();
  const result = write.apply(this, args);
  boundary();
  return result;
};
Socket.prototype.emit = function (event, ...args) {
  if (event === 'data' && database !== 0 && this.remotePort === database) boundary();
  return emit.call(this, event, ...args);
};

process.on('exit', () => {
  if (process.env.BOUNDARIES_FILE) writeFileSync(process.env.BOUNDARIES_FILE, String(count));
});

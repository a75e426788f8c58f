'use strict';
// Preloaded into a command: sends the process SIGNALS (with commas between) when it first looks at the file SIGNAL_WHEN, or
// at its very end for `exit`. That is a moment that no other process could hit for certain.
const fs = require('node:fs');

const when = process.env.SIGNAL_WHEN ?? '';
let signals = (process.env.SIGNALS ?? '').split(',');

function send() {
  for (const signal of signals) process.kill(process.pid, signal);
  signals = [];
}

function watch(module, name) {
  const original = module[name];
  module[name] = (path, ...rest) => {
    if (when !== 'exit' && String(path).endsWith(when)) send();
    return original.call(module, path, ...rest);
  };
}

for (const name of ['statSync', 'openSync', 'readFileSync']) watch(fs, name);
for (const name of ['stat', 'open', 'readFile']) watch(fs.promises, name);
if (when === 'exit') process.on('exit', send);

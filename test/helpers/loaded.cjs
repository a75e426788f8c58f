// Preloaded into a command by loaded.ts: notes which files are read whole and which modules of Node are asked for.
const fs = require('node:fs');
const Module = require('node:module');

const files = new Set();
const builtins = new Set();
const { readFileSync, writeSync } = fs;
fs.readFileSync = (path, ...rest) => {
  files.add(String(path));
  return readFileSync(path, ...rest);
};
const load = Module._load;
Module._load = function (request, ...rest) {
  if (Module.builtinModules.includes(request.replace(/^node:/, ''))) builtins.add(request.replace(/^node:/, ''));
  else files.add(request);
  return load.call(this, request, ...rest);
};
process.on('exit', () => {
  writeSync(2, `\nloaded: ${JSON.stringify({ files: [...files], builtins: [...builtins] })}\n`);
});

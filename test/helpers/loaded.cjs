// Preloaded into a command by loaded.ts: notes which files are read whole, which modules of Node are asked for, and how
// many compiled forms V8 refuses. At the end, how much V8 keeps for what is young.
const fs = require('node:fs');
const { getHeapSpaceStatistics } = require('node:v8');
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
const vm = require('node:vm');
const { Script } = vm;
let refused = 0;
vm.Script = class extends Script {
  constructor(code, options) {
    super(code, options);
    if (this.cachedDataRejected) refused += 1;
  }
};
process.on('exit', () => {
  const youngBytes = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
  writeSync(2, `\nloaded: ${JSON.stringify({ files: [...files], builtins: [...builtins], refused, youngBytes })}\n`);
});

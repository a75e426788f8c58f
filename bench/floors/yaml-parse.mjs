// Floor: reads the manifest and parses it. Checks nothing, sends nothing, writes nothing.
// usage: node bench/floors/yaml-parse.mjs FILE
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

parse(readFileSync(process.argv[2], 'utf8'));

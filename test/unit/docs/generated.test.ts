import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { settingsFileText } from '../../../src/settings/starter.js';
import { commandLine } from '../../helpers/program.js';
import { referenceText } from './reference.js';

/** Every page that is made from the code, and from what. `npm run docs` writes them. */
const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference.md': () => referenceText(commandLine()),
  'config/settings.yaml': settingsFileText,
};

describe('what is made from the code', () => {
  it.each(Object.entries(PAGES))('%s is current (npm run docs writes it anew)', async (path, make) => {
    const url = new URL(`../../../${path}`, import.meta.url);
    if (process.env.UPDATE_DOCS === '1') await writeFile(url, make());
    expect(await readFile(url, 'utf8')).toBe(make());
  });
});

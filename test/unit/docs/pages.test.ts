import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../../helpers/program.js';
import { parse } from '../manifest/manifests.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Without what is code: samples show links and headings that are none. */
const prose = (text: string) =>
  text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.slice(1, -1));

/** As GitHub makes them from headings. */
function anchorsOf(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): string[] {
  return [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
    const there = statSync(join(ROOT, target), { throwIfNoEntry: false });
    if (there === undefined) return [`${link}: no such file`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    return anchorsOf(read(target)).includes(anchor) ? [] : [`${link}: no such heading`];
  });
}

/** Blocks of code of a page by their language. */
function samples(page: string, ...languages: string[]): string[] {
  const blocks = [...read(page).matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```$/gm)];
  return blocks.flatMap(([, language = '', text = '']) => (languages.includes(language) ? [text] : []));
}

const { commands } = commandLine();

function wrongCommands(page: string): string[] {
  const inBlocks = samples(page, 'sh', 'cron', 'console').flatMap((text) => text.replaceAll(/\\\n/g, ' ').split('\n'));
  const inText = [...read(page).matchAll(/`(copernica-webhooks [^`]+)`/g)].map(([, code = '']) => code);
  return [...inBlocks, ...inText].flatMap((line) => {
    const [, call] = /(?:^|\s)copernica-webhooks ((?:[a-z]|--).*)/.exec(line.replace(/\s#.*$/, '')) ?? [];
    if (call === undefined || /docker|kubectl|^#/.test(line)) return [];
    const [name = '', ...words] = call.split(/[\s=]+/);
    const group = commands.find((each) => each.name() === name);
    const command = group?.commands.find((each) => each.name() === words[0]) ?? group;
    if (command === undefined) return /^--(help|version)$/.test(name) ? [] : [`${line}: no command ${name}`];
    const flags = words.filter((word) => word.startsWith('--') && word !== '--help');
    const known = command.options.map(({ long }) => long);
    return flags.filter((flag) => !known.includes(flag)).map((flag) => `${line}: no flag ${flag}`);
  });
}

describe.each(PAGES)('%s', (page) => {
  it('links to what is there', () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('names commands and flags that there are', () => {
    expect(wrongCommands(page)).toEqual([]);
  });

  it('has manifests that are valid', () => {
    const manifests = samples(page, 'yaml').filter((text) => /^webhooks:/m.test(text));
    for (const text of manifests) {
      expect(parse(text)).toMatchObject({ ok: true });
    }
  });
});

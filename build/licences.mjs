import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of the packages that bundled modules come from, as one text. `modules` are paths. */
export function licencesOf(modules) {
  const folders = new Set(modules.flatMap((path) => packageFolder(path) ?? []));
  const texts = [...folders].map(licenceOf).sort((a, b) => (a < b ? -1 : 1));
  return `This program holds code of the packages below, under these licences.\n\n${texts.join('\n')}`;
}

function packageFolder(path) {
  return /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(path)?.[1];
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${folder} has no licence: it must not be bundled`);
  const text = file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
  return `==== ${name} ${version} (${license}) ====\n\n${text.trim()}\n`;
}

import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DELIVERIES = ['in place', 'renamed over', 'removed and made again', 'swapped'] as const;
export type Delivery = (typeof DELIVERIES)[number];

const NAME = 'webhooks.yaml';

/**
 * Puts a manifest into a folder, in each of the ways that it comes to be there; `number` is one that none before had.
 */
export function deliver(folder: string, text: string, how: Delivery, number: number): void {
  const path = join(folder, NAME);
  switch (how) {
    case 'in place':
      writeFileSync(path, text);
      return;
    case 'renamed over':
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
      return;
    case 'removed and made again':
      rmSync(path, { force: true });
      writeFileSync(path, text);
      return;
    case 'swapped':
      swap(folder, text, number);
  }
}

export function removeManifest(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}

/** As the kubelet does it with a ConfigMap: a new link under another name, renamed over the old one. */
function swap(folder: string, text: string, number: number): void {
  const version = `..version.${number}`;
  const link = join(folder, '..data');
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, NAME), text);
  const before = targetOf(link);
  symlinkSync(version, `${link}_tmp`);
  renameSync(`${link}_tmp`, link);
  if (targetOf(join(folder, NAME)) === null) {
    symlinkSync(join('..data', NAME), join(folder, 'link'));
    renameSync(join(folder, 'link'), join(folder, NAME));
  }
  if (before !== null) rmSync(join(folder, before), { recursive: true, force: true });
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

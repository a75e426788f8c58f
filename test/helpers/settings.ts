import type { Problem } from '../../src/errors.js';
import { ProductError } from '../../src/errors.js';
import { readSettingsFile } from '../../src/settings/file.js';
import { type ResolvedSettings, resolveSettings } from '../../src/settings/resolve.js';

export interface SettingsTexts {
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the settings file holds. */
  readonly file?: string;
  readonly path?: string;
}

/** What these sources come to. */
export function resolveTexts({ flags = {}, environment = {}, file, path = 'settings.yaml' }: SettingsTexts): {
  readonly resolved: ResolvedSettings | null;
  readonly problems: readonly Problem[];
} {
  const fromFile = file === undefined ? undefined : readSettingsFile({ path, text: file });
  try {
    const resolved = resolveSettings({ flags: new Map(Object.entries(flags)), environment, file: fromFile });
    return { resolved, problems: [] };
  } catch (error) {
    if (error instanceof ProductError && error.kind === 'input') return { resolved: null, problems: error.problems };
    throw error;
  }
}

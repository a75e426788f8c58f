import { ACCOUNT } from './account.js';
import { DOCTOR } from './doctor.js';
import { GUARDS } from './guards.js';
import { MANIFEST_ENTRIES } from './manifest-entries.js';
import { MANIFEST_FILE } from './manifest-file.js';
import { RUNNING } from './running.js';
import { SANDBOX } from './sandbox.js';
import { SETTINGS_AND_USAGE } from './settings.js';
import { STATE } from './state.js';

/**
 * Every code of a `Problem`, by where it comes from. A code that is not here does not compile. src/ imports types from
 * here and nothing else, so that none of these texts is in the command: they are for docs/errors.md.
 *
 * Codes are what programs rely on: one that was released keeps its name.
 */
export const PROBLEM_GROUPS = {
  'The manifest as a file': MANIFEST_FILE,
  'What the manifest says': MANIFEST_ENTRIES,
  'Settings, token and command line': SETTINGS_AND_USAGE,
  'State file and lock': STATE,
  'The account and its API': ACCOUNT,
  Guards: GUARDS,
  'The running program': RUNNING,
  'The sandbox': SANDBOX,
  'Findings of doctor': DOCTOR,
} as const;

type Catalogue = typeof MANIFEST_FILE &
  typeof MANIFEST_ENTRIES &
  typeof SETTINGS_AND_USAGE &
  typeof STATE &
  typeof ACCOUNT &
  typeof GUARDS &
  typeof RUNNING &
  typeof SANDBOX &
  typeof DOCTOR;

export type ProblemCode = keyof Catalogue;

/** The codes that end the program in this way: `CodeOf<'refused'>`. */
export type CodeOf<Ends extends Catalogue[ProblemCode]['ends']> = {
  [Code in ProblemCode]: Catalogue[Code]['ends'] extends Ends ? Code : never;
}[ProblemCode];

/** Commands with a `--json` document that has a published schema. */
export const DOCUMENT_NAMES = ['validate', 'plan', 'apply', 'list', 'discover', 'doctor', 'verify'] as const;
export type DocumentName = (typeof DOCUMENT_NAMES)[number];

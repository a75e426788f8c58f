/** What a code stands for. Text for docs/errors.md, which `npm run docs` writes; code in quotes is Markdown's. */
export interface ProblemInfo {
  /** How it ends the program: see `FailureKind`. `warning`: not at all. */
  readonly ends: 'input' | 'refused' | 'failed' | 'warning';
  /** When it happens and what it means, in one sentence or two. */
  readonly means: string;
  /** What to do. */
  readonly remedy: string;
}

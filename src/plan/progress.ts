/** What a command is doing, and how far it is, for whoever waits for it. */
export type Progress =
  | { readonly phase: 'locking' | 'asking' | 'checking' }
  | { readonly phase: 'reading' | 'looking' | 'applying'; readonly done: number; readonly of: number }
  | { readonly phase: 'settling'; readonly waitMs: number };

export type OnProgress = (progress: Progress) => void;

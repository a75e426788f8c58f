import { fileStore } from './state/file/store.js';
import type { StateStore } from './state/store.js';

/** Where the state is kept that `--state` names. */
export function stateStore(place: string): StateStore {
  return fileStore(place);
}

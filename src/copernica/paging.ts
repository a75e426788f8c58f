import type { PageOutcome } from './answers.js';

/** A list is read in full or not at all: what is missing from half a list looks as if it did not exist. */
const PAGES_MAX = 1000;

export type ListResult<T> =
  | { readonly kind: 'all'; readonly items: readonly T[] }
  | { readonly kind: 'incomplete'; readonly message: string }
  | Exclude<PageOutcome<T>, { kind: 'page' }>;

/**
 * Reads a list page by page until it holds as many items as it says. A server that repeats its pages, stops early or
 * never ends, and a list that changes while it is read, make it `incomplete`.
 */
export async function readAllPages<T extends { readonly id: number }>(
  readPage: (start: number) => Promise<PageOutcome<T>>,
): Promise<ListResult<T>> {
  const items = new Map<number, T>();
  let start = 0;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await readPage(start);
    if (page.kind !== 'page') return page;
    const before = items.size;
    for (const item of page.items) items.set(item.id, item);
    start += page.items.length;
    if (items.size === page.total && start === page.total) return { kind: 'all', items: [...items.values()] };
    if (items.size === before || start >= page.total) return incomplete(items.size, page.total);
  }
  return { kind: 'incomplete', message: `the list has more than ${PAGES_MAX} pages` };
}

function incomplete(found: number, total: number): { readonly kind: 'incomplete'; readonly message: string } {
  return { kind: 'incomplete', message: `the list says that it has ${total} items, but shows ${found}` };
}

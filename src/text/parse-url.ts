/**
 * Null: the text is not an absolute URL. Not with `URL.canParse`: once Node 20 has compiled a loop around it, it
 * refuses texts with Latin-1 letters beyond ASCII, such as "ü".
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

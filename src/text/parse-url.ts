/**
 * Null: the text is no absolute URL. Not by `URL.canParse`: once Node 20 has compiled a loop around that, it refuses
 * texts with letters such as "ü" (of Latin-1, beyond ASCII).
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

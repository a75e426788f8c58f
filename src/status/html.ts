/** Text that is already HTML. Everything else in `html` is escaped. */
export interface Html {
  readonly html: string;
}

type Piece = Html | string | number | null | false | readonly Html[];

/** HTML with its values escaped, in text and in quoted attributes alike. Null and false become nothing. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return { html: texts.map((text, index) => text + rendered(pieces[index])).join('') };
}

/** For our own text that must not be escaped. */
export function raw(text: string): Html {
  return { html: text };
}

function rendered(piece: Piece | undefined): string {
  if (piece === undefined || piece === null || piece === false) return '';
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece));
  return 'html' in piece ? piece.html : piece.map((part) => part.html).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

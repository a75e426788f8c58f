/** Text that is HTML already. Everything else that goes into `html` is escaped. */
export interface Html {
  readonly html: string;
}

type Piece = Html | string | number | null | false | readonly Html[];

/** HTML with what is filled in escaped, in text and in quoted attributes alike. Null and false stand for nothing. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return { html: texts.map((text, index) => text + rendered(pieces[index])).join('') };
}

/** For text of our own that must not be escaped. */
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

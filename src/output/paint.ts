import { styleText } from 'node:util';

/** The few terminal styles that output uses. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/**
 * Without `color`, text passes unchanged. By default `styleText` of newer Nodes checks stdout, whatever the target is.
 */
export function painter(color: boolean): Paint {
  return (style, text) => (color && text !== '' ? styleText(style, text, { validateStream: false }) : text);
}

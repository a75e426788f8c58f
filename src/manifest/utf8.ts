/**
 * The offset of the first byte that is no part of UTF-8 as RFC 3629 has it (no overlong forms, no surrogates, nothing
 * above U+10FFFF); -1 if there is none.
 */
export function firstInvalidByte(bytes: Uint8Array): number {
  for (let index = 0; index < bytes.length; ) {
    const length = sequenceLength(bytes, index);
    if (length === 0) return index;
    index += length;
  }
  return -1;
}

/** Length of the character that begins here; 0: none does. */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const at = (offset: number) => bytes[index + offset] ?? 0;
  const follows = (offset: number) => (at(offset) & 0xc0) === 0x80;
  const first = at(0);
  const second = at(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const overlong = first === 0xe0 && second < 0xa0;
    const surrogate = first === 0xed && second > 0x9f;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const overlong = first === 0xf0 && second < 0x90;
    const tooLarge = first === 0xf4 && second > 0x8f;
    return follows(1) && follows(2) && follows(3) && !overlong && !tooLarge ? 4 : 0;
  }
  return 0;
}

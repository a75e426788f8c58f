/**
 * CRC-32 as in zip and gzip, in plain TypeScript: the core stays free of node:zlib, whose call costs more than it saves
 * on texts as short as a record.
 */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** The checksum of the bytes `from` up to `to`, going on from the checksum of what came before them. */
export function crc32(bytes: Uint8Array, from: number, to: number, before: number): number {
  let crc = ~before;
  for (let index = from; index < to; index += 1) {
    crc = (TABLE[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

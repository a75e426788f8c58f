// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import fc from 'fast-check';

/** One change to some bytes: what disks, editors, merges and people who try things do to files. */
type Mutation = (bytes: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true });
/** What formats give a meaning to, and what they trip over. */
const TOKENS = [
  ...['\0', '\t', '\r', '\n', ' ', '  ', '- ', ': ', '? ', '#', '&a ', '*a', '<<: *a', '!x ', '!!str ', '|\n', '>\n'],
  ...['[', ']', '{', '}', ',', '"', "'", '\\', '%YAML 1.1\n', '---\n', '...\n', '${A}', '${', '$${', '__proto__: '],
  ...['\u001b[2J', '\u009b', '\u202e', '\ufeff', '日本', '1e999', '-1', '0x10', 'null', '9007199254740993', '1894'],
] as const;

function at(bytes: Buffer, where: number): number {
  return Math.floor(where * bytes.length);
}

function splice(bytes: Buffer, from: number, to: number, middle: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(Math.max(from, to))]);
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([where, bit]): Mutation =>
      (bytes) => {
        const changed = Buffer.from(bytes);
        const index = at(bytes, where);
        if (index < changed.length) changed.writeUInt8(changed.readUInt8(index) ^ (1 << bit), index);
        return changed;
      },
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 4 })).map(([where, more]): Mutation => {
    return (bytes) => splice(bytes, at(bytes, where), 0, more);
  }),
  fc.tuple(place, fc.constantFrom(...TOKENS)).map(([where, token]): Mutation => {
    return (bytes) => splice(bytes, at(bytes, where), 0, Buffer.from(token));
  }),
  fc.tuple(place, place).map(([from, to]): Mutation => {
    return (bytes) => splice(bytes, at(bytes, from), at(bytes, to), new Uint8Array());
  }),
  fc.tuple(place, place, place).map(([from, to, where]): Mutation => {
    return (bytes) => splice(bytes, at(bytes, where), 0, bytes.subarray(at(bytes, from), at(bytes, to)));
  }),
  fc.tuple(place, place).map(
    ([one, other]): Mutation =>
      (bytes) => {
        const lines = bytes.toString('latin1').split('\n');
        const [a, b] = [Math.floor(one * lines.length), Math.floor(other * lines.length)];
        [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
        return Buffer.from(lines.join('\n'), 'latin1');
      },
  ),
);

/** One of the texts, changed in up to five places. */
export function mutated(texts: readonly [Buffer, ...Buffer[]]): fc.Arbitrary<Buffer> {
  const some = fc.array(mutation, { minLength: 1, maxLength: 5 });
  return fc.tuple(fc.constantFrom(...texts), some).map(([text, mutations]) => {
    return mutations.reduce((bytes, mutate) => mutate(bytes), text);
  });
}

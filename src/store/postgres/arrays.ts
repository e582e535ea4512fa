// Arrays as PostgreSQL takes them in binary: octets would be twice as long as text, and what is text itself would have to be escaped. The form is that of array_send in its
// source (src/backend/utils/adt/arrayfuncs.c): dimensions, whether there are nulls, the type of the items, length and lower bound, then each item after its length.

const BYTEA = 17;
const TEXT = 25;
const HEAD_OCTETS = 20;
const LENGTH_OCTETS = 4;

/** One dimension; `bytea[]`. */
export function octetsArray(items: readonly (Uint8Array | null)[]): Buffer {
  const octets = items.reduce((sum, item) => sum + LENGTH_OCTETS + (item?.length ?? 0), HEAD_OCTETS);
  const array = begun(BYTEA, items, octets);
  let at = HEAD_OCTETS;
  for (const item of items) {
    array.writeInt32BE(item?.length ?? -1, at);
    at += LENGTH_OCTETS;
    if (item === null) continue;
    array.set(item, at);
    at += item.length;
  }
  return array;
}

/** One dimension; `text[]`. */
export function textsArray(items: readonly string[]): Buffer {
  const lengths = items.map((item) => Buffer.byteLength(item));
  const octets = lengths.reduce((sum, length) => sum + LENGTH_OCTETS + length, HEAD_OCTETS);
  const array = begun(TEXT, items, octets);
  let at = HEAD_OCTETS;
  for (const [number, item] of items.entries()) {
    array.writeInt32BE(lengths[number] ?? 0, at);
    at += LENGTH_OCTETS;
    at += array.write(item, at);
  }
  return array;
}

function begun(type: number, items: readonly unknown[], octets: number): Buffer {
  const array = Buffer.allocUnsafe(octets);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(type, 8);
  array.writeInt32BE(items.length, 12);
  array.writeInt32BE(1, 16);
  return array;
}

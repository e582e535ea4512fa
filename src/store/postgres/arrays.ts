// Arrays of octets as PostgreSQL takes them in binary: as text they would be twice as long. The form is that of array_send in its source
// (src/backend/utils/adt/arrayfuncs.c): dimensions, whether there are nulls, the type of the items, length and lower bound, then each item after its length.

const BYTEA = 17;
const HEAD_OCTETS = 20;
const LENGTH_OCTETS = 4;

/** One dimension; `bytea[]`. */
export function octetsArray(items: readonly (Uint8Array | null)[]): Buffer {
  const octets = items.reduce((sum, item) => sum + LENGTH_OCTETS + (item?.length ?? 0), HEAD_OCTETS);
  const array = Buffer.allocUnsafe(octets);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(BYTEA, 8);
  array.writeInt32BE(items.length, 12);
  array.writeInt32BE(1, 16);
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

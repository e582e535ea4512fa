// How the values of PostgreSQL come as values of JavaScript: whole numbers as numbers, octets as a plain array, ids (`uuid`) as their octets, all
// else as text.

const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, oid: 26, uuid: 2950 } as const;

type Parse = (value: string) => unknown;

const parsers = new Map<number, Parse>([
  [OID.bool, (value) => value === 't'],
  [OID.bytea, (value) => octetsOf(value.slice(2))],
  [OID.int8, Number],
  [OID.int2, Number],
  [OID.int4, Number],
  [OID.oid, Number],
  [OID.uuid, (value) => octetsOf(value.replaceAll('-', ''))],
]);

/** Not a Buffer: every engine gives the same, and `Uint8Array.fromHex` takes four times as long. */
function octetsOf(hex: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(hex, 'hex');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const asText: Parse = (value) => value;

export const valueTypes = {
  getTypeParser: (oid: number): Parse => parsers.get(oid) ?? asText,
};

/** The octets of an id, as a parameter of type `uuid`. */
export function uuidOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
}

/** The first id of a time, ms since the epoch: ids begin with it. */
export const uuidOfTime = (ms: number): string =>
  Math.max(0, ms).toString(16).padStart(12, '0').padEnd(32, '0');

/** Of an id, ms since the epoch. */
export const timeOfUuid = (octets: Uint8Array): number => Number.parseInt(uuidOf(octets).slice(0, 12), 16);

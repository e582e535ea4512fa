// How the values of PostgreSQL come as values of JavaScript: whole numbers as numbers, octets as a Buffer, ids (`uuid`) as their octets, all else as text.

const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, oid: 26, uuid: 2950 } as const;

type Parse = (value: string) => unknown;

const parsers = new Map<number, Parse>([
  [OID.bool, (value) => value === 't'],
  [OID.bytea, (value) => Buffer.from(value.slice(2), 'hex')],
  [OID.int8, Number],
  [OID.int2, Number],
  [OID.int4, Number],
  [OID.oid, Number],
  [OID.uuid, (value) => Buffer.from(value.replaceAll('-', ''), 'hex')],
]);

const asText: Parse = (value) => value;

export const valueTypes = {
  getTypeParser: (oid: number): Parse => parsers.get(oid) ?? asText,
};

/** The octets of an id, as a parameter of type `uuid`. */
export function uuidOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
}

// Statements as pg takes them: a name of each text, so that it is prepared once a connection, and values in pg's own kinds.

import type { SqlValue } from './connection.ts';

/** By text, the same in each connection. */
const names = new Map<string, string>();

export function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `s${names.size}`;
    names.set(sql, name);
  }
  return name;
}

type Item = null | boolean | number | string | Buffer;

/** pg sends only a Buffer as octets; any other array of octets becomes text. A text of PostgreSQL holds no NUL, and what is asked for with one is not there. */
export function forPg(value: SqlValue): Item | readonly Item[] {
  return isList(value) ? value.map((item) => withoutNul(itemForPg(item))) : withoutNul(itemForPg(value));
}

const withoutNul = (item: Item): Item =>
  typeof item === 'string' ? item.replaceAll('\0', '\u{fffd}') : item;

/** As a protocol message takes it: text, a Buffer or null. */
export function onWire(value: SqlValue): string | Buffer | null {
  return isList(value) ? arrayText(value) : itemOnWire(itemForPg(value));
}

const isList = (value: SqlValue): value is Extract<SqlValue, readonly unknown[]> => Array.isArray(value);

function itemForPg(value: Exclude<SqlValue, readonly unknown[]>): Item {
  return value instanceof Uint8Array ? asBuffer(value) : value;
}

const itemOnWire = (item: Item): string | Buffer | null =>
  typeof item === 'boolean' || typeof item === 'number' ? String(item) : item;

/** An array as text. */
export function arrayText(items: Extract<SqlValue, readonly unknown[]>): string {
  const texts = items.map((value) => {
    const item = itemOnWire(itemForPg(value));
    if (item === null) return 'NULL';
    return `"${typeof item === 'string' ? escaped(item) : String.raw`\\x${item.toString('hex')}`}"`;
  });
  return `{${texts.join(',')}}`;
}

/** Most hold nothing to escape, and to look is a fifth of the work. */
const escaped = (text: string): string =>
  /["\\]/.test(text) ? text.replaceAll(/["\\]/g, String.raw`\$&`) : text;

const asBuffer = (octets: Uint8Array): Buffer =>
  Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);

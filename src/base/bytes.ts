// Byte strings: the few operations on Uint8Array that every ring needs. Nothing here decodes text on a guess.

import { isAscii as nativeIsAscii } from 'node:buffer';

const utf8Strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const CR = 13;
export const LF = 10;
export const NUL = 0;
export const DOT = 46;

/** The bytes of `text`, one octet a character; `text` must be ASCII or Latin-1. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

/** One character an octet: never fails, never merges octets. For grammar work on octets. */
export function octetString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The text of strictly valid UTF-8, or undefined. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8Strict.decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  return Buffer.concat(parts);
}

/** Octets of all parts together. */
export function octetsOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** True: all octets are below 128. */
export function isAscii(bytes: Uint8Array): boolean {
  return nativeIsAscii(bytes);
}

/** Native search: where `wanted` begins at or after `from`, or -1. */
export function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array, from = 0): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(wanted, from);
}

// Crockford's base32 (no I, L, O, U), big-endian, used for everything a person may have to read out: ids, labels, secrets.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const values = new Map<string, number>([...alphabet].map((symbol, value) => [symbol, value]));

/** `bytes` as base32; the first symbol carries the odd bits, so that 16 bytes make 26 symbols and order is kept. */
export function encodeBase32(bytes: Uint8Array): string {
  const symbols = Math.ceil((bytes.length * 8) / 5);
  let bits = symbols * 5 - bytes.length * 8;
  let accumulator = 0;
  let text = '';
  for (const octet of bytes) {
    accumulator = (accumulator << 8) | octet;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((accumulator >> bits) & 31);
    }
    accumulator &= (1 << bits) - 1;
  }
  return text;
}

/** The `length` bytes that `text` stands for (case and O/I/L forgiven, as Crockford asks), or undefined. */
export function decodeBase32(text: string, length: number): Uint8Array | undefined {
  const symbols = Math.ceil((length * 8) / 5);
  if (text.length !== symbols) return undefined;
  const bytes = new Uint8Array(length);
  let bits = length * 8 - symbols * 5;
  let accumulator = 0;
  let at = 0;
  for (const letter of text.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')) {
    const value = values.get(letter);
    if (value === undefined) return undefined;
    accumulator = (accumulator << 5) | value;
    bits += 5;
    if (bits < 8 && bits >= 0 && accumulator >> bits > 255) return undefined;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (accumulator >> bits) & 255;
      at += 1;
      accumulator &= (1 << bits) - 1;
    }
  }
  return at === length &&
    encodeBase32(bytes) === text.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
    ? bytes
    : undefined;
}

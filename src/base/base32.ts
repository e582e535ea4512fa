// Crockford's base32 (no I, L, O, U), big-endian, used for everything a person may have to read out: ids, labels, secrets.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codes = Uint8Array.from(alphabet, (symbol) => symbol.charCodeAt(0));
const forgiven: Readonly<Record<string, readonly string[]>> = { 0: ['O', 'o'], 1: ['I', 'i', 'L', 'l'] };
/** By character code; -1: no symbol. Case and O, I, L are forgiven, as Crockford asks. */
const values = new Int8Array(128).fill(-1);
for (const [value, symbol] of [...alphabet].entries()) {
  const written = [symbol, symbol.toLowerCase(), ...(forgiven[symbol] ?? [])];
  for (const spelling of written) values[spelling.charCodeAt(0)] = value;
}

/** `bytes`, a few dozen at most, as base32; the first symbol carries the odd bits, so that 16 bytes make 26 symbols and order is kept. */
export function encodeBase32(bytes: Uint8Array): string {
  const text: number[] = [];
  let bits = Math.ceil((bytes.length * 8) / 5) * 5 - bytes.length * 8;
  let accumulator = 0;
  for (const octet of bytes) {
    accumulator = (accumulator << 8) | octet;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text.push(codes[(accumulator >> bits) & 31] ?? 0);
    }
    accumulator &= (1 << bits) - 1;
  }
  return String.fromCharCode(...text);
}

/** As `encodeBase32` spells it, for as many bytes as the symbols hold in full. */
export function isBase32(text: string, length: number): boolean {
  const symbols = Math.ceil((length * 8) / 5);
  if (text.length !== symbols) return false;
  for (let at = 0; at < symbols; at += 1) {
    const code = text.charCodeAt(at);
    if (codes[values[code] ?? -1] !== code) return false;
  }
  // The odd bits in front are zero.
  return (values[text.charCodeAt(0)] ?? 0) >> (length * 8 - (symbols - 1) * 5) === 0;
}

/** The `length` bytes that `text` stands for, or undefined. */
export function decodeBase32(text: string, length: number): Uint8Array | undefined {
  const symbols = Math.ceil((length * 8) / 5);
  if (text.length !== symbols) return undefined;
  const bytes = new Uint8Array(length);
  let bits = length * 8 - symbols * 5;
  let accumulator = 0;
  let filled = 0;
  for (let at = 0; at < symbols; at += 1) {
    const value = values[text.charCodeAt(at)] ?? -1;
    if (value < 0) return undefined;
    accumulator = (accumulator << 5) | value;
    bits += 5;
    // The odd bits in front are zero: no two texts stand for the same bytes.
    if (at === 0 && accumulator >> bits !== 0) return undefined;
    if (bits < 8) continue;
    bits -= 8;
    bytes[filled] = accumulator >> bits;
    filled += 1;
    accumulator &= (1 << bits) - 1;
  }
  return bytes;
}

// Encoded words (RFC 2047) as a reader would show them. Only for judging what a display name says; nothing is ever rewritten by it.

const word = /=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[A-Za-z-]{1,20})?\?([QqBb])\?([^?\s]{0,2000})\?=/g;
/** White space between two encoded words is not shown. */
const gap = /(\?=)[ \t]+(?==\?)/g;

export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  return text.replaceAll(gap, '$1').replaceAll(word, (whole, charset: string, encoding: string, encoded: string) => {
    const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : decodeQ(encoded);
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      return whole;
    }
  });
}

function decodeQ(text: string): Uint8Array {
  const plain = text.replaceAll('_', ' ').replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

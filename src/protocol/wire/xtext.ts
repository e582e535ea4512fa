// xtext (RFC 3461 section 4): how ENVID, ORCPT and AUTH carry an address through a parameter. What decodes to a control character is
// refused, so that nothing decoded can break a line anywhere (F-HDR-2).

const xtextPattern = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/;
const printable = /^[\x20-\x7e]*$/;

/** Printable ASCII, or undefined. Digits are upper case (RFC 3461 section 4); the grammar of AUTH= has them in any case (`upperCased` first). */
export function decodeXtext(text: string): string | undefined {
  if (!xtextPattern.test(text)) return undefined;
  const decoded = text.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return printable.test(decoded) ? decoded : undefined;
}

/** The xtext of RFC 4954 section 8, whose HEXDIG is upper or lower case, as that of RFC 3461. */
export function upperCased(text: string): string {
  return text.replaceAll(/\+[0-9A-Fa-f]{2}/g, (digits) => digits.toUpperCase());
}

export function encodeXtext(text: string): string {
  return text.replaceAll(/[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g, (letter) =>
    [...Buffer.from(letter)].map((octet) => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

const embedded = /\\x\{([0-9A-Fa-f]{2,6})\}/g;
const misleading = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** The address of ORCPT=utf-8;… (RFC 6533 section 3): raw UTF-8 where SMTPUTF8 was given, else `\x{C4}` sequences, in either case (RFC 5234 section 2.3). */
export function decodeUtf8Address(text: string): string | undefined {
  let valid = true;
  const decoded = text.replaceAll(embedded, (_, hex: string) => {
    const point = Number.parseInt(hex, 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) valid = false;
    return valid ? String.fromCodePoint(point) : '';
  });
  if (!valid || decoded === '' || misleading.test(decoded) || /[\\ ]/.test(decoded)) return undefined;
  return decoded;
}

/** `utf-8-addr-xtext`: for a hop or a reader that knows ASCII alone. */
export function encodeUtf8Address(address: string): string {
  return [...address]
    .map((letter) => {
      const point = letter.codePointAt(0) ?? 0;
      const plain = point > 0x20 && point < 0x7f && letter !== '\\' && letter !== '+' && letter !== '=';
      return plain ? letter : `\\x{${point.toString(16).toUpperCase().padStart(2, '0')}}`;
    })
    .join('');
}

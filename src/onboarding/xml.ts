// Text that goes into XML: escaped, and without the characters that XML 1.0 (section 2.2) does not have.

export function xmlText(text: string): string {
  return (
    text
      // Characters outside of Char: controls, lone surrogates, FFFE and FFFF.
      .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;')
  );
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

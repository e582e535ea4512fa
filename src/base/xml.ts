// XML as configuration files use it: elements, attributes, text. No DTD, no entities of its own, no processing instructions, so that a document
// can't make us fetch, expand or nest anything (C-AC-4). What is not well-formed is no document.

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, the children's left out. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const DEPTH_MAX = 32;
const ELEMENTS_MAX = 2000;

const name = String.raw`[A-Za-z_][\w.:-]{0,63}`;
const declaration = /^\uFEFF?(?:<\?xml [^?<>]{0,200}\?>)?\s*/;
/** In this order: comment, CDATA, end tag, start tag, text. */
const token = new RegExp(
  String.raw`<!--([^]*?)-->|<!\[CDATA\[([^]*?)\]\]>|</(${name})\s*>|<(${name})((?:\s+${name}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(/?)>|([^<]+)`,
  'y',
);
const attribute = new RegExp(String.raw`(${name})\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`, 'g');

/** The root element, or undefined if the text is no such document. The caller bounds its length. */
export function parseXml(text: string): XmlElement | undefined {
  const start = declaration.exec(text)?.[0].length ?? 0;
  const root: OpenElement = { name: '', attributes: {}, children: [], text: '' };
  const open: OpenElement[] = [root];
  let elements = 0;
  token.lastIndex = start;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    const parent = open.at(-1);
    if (match === null || parent === undefined) return undefined;
    const [, comment, data, end, begin, attributes = '', isEmpty, words] = match;
    if (comment !== undefined) continue;
    if (end !== undefined) {
      if (open.length === 1 || open.pop()?.name !== end) return undefined;
    } else if (begin !== undefined) {
      elements += 1;
      const read = readAttributes(attributes);
      if (read === undefined || elements > ELEMENTS_MAX || open.length > DEPTH_MAX) return undefined;
      const element: OpenElement = { name: begin, attributes: read, children: [], text: '' };
      parent.children.push(element);
      if (isEmpty === '') open.push(element);
    } else {
      const added = data ?? unescaped(words ?? '');
      if (added === undefined || (parent === root && added.trim() !== '')) return undefined;
      parent.text += added;
    }
  }
  return open.length === 1 && root.children.length === 1 ? root.children[0] : undefined;
}

function readAttributes(text: string): Readonly<Record<string, string>> | undefined {
  const read = new Map<string, string>();
  for (const [, key = '', double, single] of text.matchAll(attribute)) {
    const value = unescaped(double ?? single ?? '');
    if (value === undefined || read.has(key)) return undefined;
    read.set(key, value);
  }
  return Object.fromEntries(read);
}

const predefined: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** Undefined: an entity that XML itself does not define. */
function unescaped(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isKnown = true;
  const plain = text.replaceAll(/&([^;&]{0,10};?)/g, (_, reference: string) => {
    const letter = reference.endsWith(';') ? letterOf(reference.slice(0, -1)) : undefined;
    isKnown &&= letter !== undefined;
    return letter ?? '';
  });
  return isKnown ? plain : undefined;
}

function letterOf(reference: string): string | undefined {
  const number = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(reference);
  if (number === null) return predefined.get(reference);
  const point = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  const isLetter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isLetter ? String.fromCodePoint(point) : undefined;
}

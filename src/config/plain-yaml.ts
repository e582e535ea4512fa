// The plainest YAML: one `key: value` on a line, and a list of such lines below a key. Most files of `postern send` are no more than that, and to load
// the parser of all YAML costs as much as the rest of the start. What is any less plain than this is left to that parser.

const PLAIN_LINES_MAX = 200;
const comment = /^[ \t]*(?:#.*)?$/;
const pair = /^( {2})?([A-Za-z][A-Za-z0-9_.@-]*):(?: +(\S+))?(?: +#.*)? *$/;
/** Letters that mean nothing to YAML, wherever they stand. */
const plainText = /^[A-Za-z~/.][A-Za-z0-9@/._+~-]*$/;
/** YAML 1.2 core schema: these are no text. */
const special = /^(?:true|false|null|~|\.inf|\.nan)$/i;

type Value = string | number | Record<string, string | number>;

/** Undefined: it is not that plain. */
export function parsePlainYaml(text: string): Record<string, Value> | undefined {
  const lines = text.split('\n');
  if (lines.length > PLAIN_LINES_MAX || /[^\n\x20-\x7e]/.test(text)) return undefined;
  const read: Record<string, Value> = {};
  let below: Record<string, string | number> | undefined;
  for (const line of lines) {
    if (comment.test(line)) continue;
    const [, indent, key = '', word] = pair.exec(line) ?? [];
    const place: Record<string, Value> | undefined = indent === undefined ? read : below;
    if (key === '' || special.test(key) || place === undefined || Object.hasOwn(place, key) || key in {})
      return undefined;
    if (word === undefined) {
      if (indent !== undefined) return undefined;
      below = {};
      read[key] = below;
      continue;
    }
    const value = scalar(word);
    if (value === undefined) return undefined;
    if (indent === undefined) below = undefined;
    place[key] = value;
  }
  // A key with nothing below it is null, not an empty list.
  return Object.values(read).some((value) => typeof value === 'object' && Object.keys(value).length === 0)
    ? undefined
    : read;
}

/** Undefined: it is not that plain, or neither text nor a whole number. */
export function scalar(word: string): string | number | undefined {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  return plainText.test(word) && !special.test(word) && !/^\.?[\d.+-]/.test(word.replace(/^\.\//, ''))
    ? word
    : undefined;
}

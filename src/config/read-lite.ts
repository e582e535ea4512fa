// The configuration file read without its libraries: where the data directory is, which is all that a question to a running server needs, if the plain lines of the file
// tell it for certain. To load the parser of all YAML and the schema costs three times what an empty process takes to start; whatever is less plain
// than this is left to them (src/config/load.ts), and so is judging the rest of the file.

import { scalar } from './plain-yaml.ts';

/** What holds without the key `data`. */
export const DATA_DEFAULT = './var';

const LITE_LENGTH_MAX = 1024 * 1024;
/** Without the backslash: escapes could spell a key in other letters. */
const plain = /^[\x20-\x5b\x5d-\x7e]*$/;
const ignored = /^ *(?:#.*)?$/;
const topKey = /^([A-Za-z]+):(?: +(.*))?$/;

/** The key `data` as written, relative to the file. Undefined: it is not certain. */
export function readConfigLite(text: string): string | undefined {
  if (text.length > LITE_LENGTH_MAX) return undefined;
  let data: string | undefined = DATA_DEFAULT;
  const seen = new Set<string>();
  let top = '';
  for (const line of text.split('\n')) {
    if (ignored.test(line)) continue;
    if (!plain.test(line) || !isWhole(line)) return undefined;
    if (line.startsWith(' ')) {
      // A value that goes on in the next line.
      if (top === '' || top === 'data') return undefined;
    } else {
      const [, key = '', rest] = topKey.exec(line) ?? [];
      if (key === '' || seen.has(key)) return undefined;
      seen.add(key);
      top = key;
      if (key === 'data') data = plainText(rest);
      if (data === undefined) return undefined;
    }
  }
  return data;
}

/** Whatever it opens it closes: no text and no flow collection goes on in the next line, where it could hold what looks like a key. */
function isWhole(line: string): boolean {
  const count = (character: string): number => line.split(character).length - 1;
  return (
    count('"') % 2 === 0 && count("'") % 2 === 0 && count('[') === count(']') && count('{') === count('}')
  );
}

function plainText(rest: string | undefined): string | undefined {
  const word = rest?.replace(/ +#.*$/, '').trimEnd() ?? '';
  const value = scalar(word);
  return typeof value === 'string' ? value : undefined;
}

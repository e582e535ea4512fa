// Folding (RFC 5322 section 2.2.3): a header line over 998 octets is no mail, and programs write lists of recipients in one line. A line is folded
// before white space, where unfolding gives the same text again; in a list of addresses also after a comma, where white space means nothing.

import { latin1, octetString } from '../base/bytes.ts';
import { LINE_OCTETS_MAX } from '../protocol/wire/data-framing.ts';

/** A field that has to be folded is folded to lines that people can read. */
const WIDTH = 78;

/** `raw`: the whole field, each line ending in CRLF. Undefined: some line can't be folded. */
export function foldField(raw: Uint8Array, isAddressList: boolean): Uint8Array | undefined {
  const text = octetString(raw);
  const lines = text.split('\r\n').slice(0, -1);
  if (lines.every(({ length }) => length <= LINE_OCTETS_MAX)) return raw;
  const colon = text.indexOf(':');
  const places = placesIn(text, colon + 1, isAddressList);
  const folded: string[] = [];
  let line = 0;
  for (const [number, one] of lines.entries()) {
    folded.push(
      ...(one.length <= LINE_OCTETS_MAX ? [one] : cutLine(one, line, places, number === 0 ? colon : 0)),
    );
    line += one.length + 2;
  }
  if (folded.some(({ length }) => length > LINE_OCTETS_MAX)) return undefined;
  return latin1(folded.map((one) => `${one}\r\n`).join(''));
}

/** Where the next line may begin; true: it needs white space in front. */
function placesIn(text: string, from: number, isAddressList: boolean): ReadonlyMap<number, boolean> {
  const places = new Map<number, boolean>();
  let depth = 0;
  let isQuoted = false;
  for (let at = from; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (isBlank(letter) && !isBlank(text.charAt(at - 1)) && at > from) places.set(at, false);
    if (letter === '\\') at += 1;
    else if (letter === '"' && depth === 0) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (letter === '(') depth += 1;
    else if (letter === ')') depth = Math.max(0, depth - 1);
    else if (letter === ',' && depth === 0 && isAddressList && !isBlank(text.charAt(at + 1)))
      places.set(at + 1, true);
  }
  return places;
}

const isBlank = (letter: string): boolean => letter === ' ' || letter === '\t';

/** `start`: of the line in the field. The first line holds more than the name. */
function cutLine(
  line: string,
  start: number,
  places: ReadonlyMap<number, boolean>,
  colon: number,
): readonly string[] {
  const cut: string[] = [];
  let from = 0;
  let prefix = '';
  let best: number | undefined;
  // A line of white space alone would end the header for some.
  const end = line.trimEnd().length;
  for (let at = 1; at < line.length; at += 1) {
    if (at - from + prefix.length > WIDTH && best !== undefined) {
      cut.push(`${prefix}${line.slice(from, best)}`);
      prefix = places.get(start + best) === true ? '\t' : '';
      from = best;
      best = undefined;
    }
    if (places.has(start + at) && at > colon + 1 && at < end) best = at;
  }
  if (best !== undefined && line.length - from + prefix.length > WIDTH) {
    cut.push(`${prefix}${line.slice(from, best)}`);
    prefix = places.get(start + best) === true ? '\t' : '';
    from = best;
  }
  return [...cut, `${prefix}${line.slice(from)}`];
}

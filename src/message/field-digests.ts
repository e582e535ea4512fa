// What readers of a header rely on, as digests for the record: whether a message that somebody shows is the one that was submitted can then be
// said of its Subject and To too, though the record does not hold them. White space counts as under `relaxed` (RFC 6376 section 3.4.2).

import { hash } from 'node:crypto';

/** Lower-case. */
export const digestedFields = ['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date'] as const;

export type DigestedField = (typeof digestedFields)[number];

/** For each field that is there 96 bits of SHA-256, hex. */
export type FieldDigests = { readonly [F in DigestedField]?: string };

/** `octets`: what stands after the colon, with its folding, one character an octet. */
export interface DigestibleField {
  readonly lowerCaseName: string;
  readonly octets: string;
}

const isDigested: ReadonlySet<string> = new Set(digestedFields);
const DIGEST_LENGTH = 24;

/** `salt`: the id of the message, so that equal subjects of two messages don't show. Fields of one name count together, in their order. */
export function fieldDigests(fields: Iterable<DigestibleField>, salt: string): FieldDigests {
  const texts: Record<string, string> = {};
  for (const { lowerCaseName, octets } of fields) {
    if (!isDigested.has(lowerCaseName)) continue;
    const before = texts[lowerCaseName];
    texts[lowerCaseName] = before === undefined ? relaxed(octets) : `${before}\n${relaxed(octets)}`;
  }
  for (const name of Object.keys(texts))
    texts[name] = hash('sha256', `${salt} ${name}:${texts[name]}`, 'hex').slice(0, DIGEST_LENGTH);
  return texts;
}

const uneven = /^ |[\t\r\n]| {2}| $/;

/** Most values stand in one line, after one blank: they need no rewriting. */
function relaxed(octets: string): string {
  const value = octets.slice(octets.startsWith(' ') ? 1 : 0, octets.endsWith('\r\n') ? -2 : undefined);
  return uneven.test(value) ? value.replaceAll(/[ \t\r\n]+/g, ' ').trim() : value;
}

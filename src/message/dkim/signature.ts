// The DKIM-Signature field (RFC 6376 section 3.5): its tags, the octets that are signed for it, and the field with the signature in it.
// Without `l=`, which lets anybody add to the body, without `x=`, because mail may be read late, and without `i=`: the domain vouches for the
// message, not a person (AUTH-z).

import { latin1 } from '../../base/bytes.ts';
import type { DkimAlgorithm } from './key.ts';
import { relaxedFields } from './relaxed-header.ts';
import type { SignedFields } from './signed-fields.ts';

export interface SignatureTags {
  readonly algorithm: DkimAlgorithm;
  readonly domain: string;
  readonly selector: string;
  /** ms since the epoch. */
  readonly time: number;
  /** SHA-256 of the canonical body. */
  readonly bodyHash: Buffer;
  readonly names: readonly string[];
}

const LINE_MAX = 76;
const FOLD = '\r\n\t';

/** The field up to its empty `b=`. */
export function unsignedField(tags: SignatureTags): string {
  const names = tags.names.map((name, at) => `${name}${at === tags.names.length - 1 ? ';' : ':'}`);
  const [first = '', ...others] = names;
  return fold([
    ...['DKIM-Signature:', ' v=1;', ` a=${tags.algorithm};`, ' c=relaxed/relaxed;', ` d=${tags.domain};`],
    ...[` s=${tags.selector};`, ` t=${Math.floor(tags.time / 1000)};`, ` h=${first}`, ...others],
    ...[` bh=${tags.bodyHash.toString('base64')};`, ' b='],
  ]);
}

/** Signed by the key: the fields, then the signature field itself without its final CRLF (section 3.7). */
export function signedOctets({ fields }: SignedFields, unsigned: string): Uint8Array {
  return relaxedFields([...fields, latin1(unsigned)]).subarray(0, -2);
}

export function signatureField(unsigned: string, signature: Buffer): Uint8Array {
  const text = signature.toString('base64');
  // The tab of the fold is a column of its line, the CRLF is none.
  const first = LINE_MAX - (unsigned.length - unsigned.lastIndexOf(FOLD) - 2);
  const lines = [unsigned + text.slice(0, first)];
  for (let at = first; at < text.length; at += LINE_MAX - 2) lines.push(text.slice(at, at + LINE_MAX - 2));
  return latin1(`${lines.join(FOLD)}\r\n`);
}

/** Pieces may stand on a line of their own; a space in front of one is then the fold. */
function fold(pieces: readonly string[]): string {
  // Joined once: V8 flattens a text that grew piece by piece at its first reading, which costs five times as much.
  const parts: string[] = [];
  let column = 0;
  for (const piece of pieces) {
    const folds = column > 0 && column + piece.length > LINE_MAX;
    const part = folds ? piece.trimStart() : piece;
    if (folds) parts.push(FOLD);
    parts.push(part);
    column = (folds ? 1 : column) + part.length;
  }
  return parts.join('');
}

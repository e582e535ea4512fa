// Which header fields are signed (RFC 6376 section 5.4.1), and which so that no other one of that name can be added on the way
// (section 8.15, F-DKIM-1). Fields that servers on the way add or change are not signed.

import { indexOfBytes, octetString } from '../../base/bytes.ts';

/**
 * `always`: one name more than there are fields, so that none can be added. `present`: the same if there is one; else a server on the way
 * may add the first. `all`: each that is there, and more may be added.
 */
type Cover = 'always' | 'present' | 'all';

const usual: Readonly<Record<string, Cover>> = {
  from: 'always',
  'reply-to': 'always',
  subject: 'always',
  to: 'always',
  cc: 'always',
  date: 'present',
  sender: 'present',
  'message-id': 'present',
  'in-reply-to': 'present',
  references: 'present',
  'mime-version': 'present',
  'content-type': 'present',
  'content-transfer-encoding': 'present',
  'content-disposition': 'present',
  'content-id': 'all',
  'content-description': 'all',
  'content-language': 'all',
  'auto-submitted': 'all',
  'cfbl-address': 'all',
  'cfbl-feedback-id': 'all',
  'feedback-id': 'all',
  'list-archive': 'all',
  'list-help': 'all',
  'list-id': 'all',
  'list-owner': 'all',
  'list-post': 'all',
  'list-subscribe': 'all',
  'list-unsubscribe': 'all',
  'list-unsubscribe-post': 'all',
  'resent-date': 'all',
  'resent-from': 'all',
  'resent-sender': 'all',
  'resent-to': 'all',
  'resent-cc': 'all',
  'resent-message-id': 'all',
};

const usualCovers = Object.entries(usual);

/** More fields of one name than this are covered from the bottom. */
const SAME_NAME_MAX = 10;

const CRLF = Buffer.from('\r\n');
const SPACE = 32;
const TAB = 9;
const COLON = 58;

export interface SignedFields {
  /** The `h=` tag, in lower case. */
  readonly names: readonly string[];
  /** In the order of `names`, those of one name from the bottom up (section 5.4.2). */
  readonly fields: readonly Uint8Array[];
}

/** `header`: the fields of a header that was judged already, with or without the blank line. `more`: further names, lower-case. */
export function signedFields(header: Uint8Array, more: readonly string[]): SignedFields {
  const byName = fieldsByName(header);
  const names: string[] = [];
  const fields: Uint8Array[] = [];
  const cover = (name: string, how: Cover): void => {
    const found = byName.get(name);
    for (const field of found?.slice(-SAME_NAME_MAX).reverse() ?? []) {
      names.push(name);
      fields.push(field);
    }
    if (how === 'always' || (how === 'present' && found !== undefined)) names.push(name);
  };
  for (const [name, how] of usualCovers) cover(name, how);
  for (const name of new Set(more)) if (!Object.hasOwn(usual, name)) cover(name, 'all');
  return { names, fields };
}

function fieldsByName(header: Uint8Array): ReadonlyMap<string, readonly Uint8Array[]> {
  const byName = new Map<string, Uint8Array[]>();
  for (let from = 0; from < header.length;) {
    const end = fieldEnd(header, from);
    const field = header.subarray(from, end);
    const colon = field.indexOf(COLON);
    if (colon > 0) {
      const name = octetString(field.subarray(0, colon)).trimEnd().toLowerCase();
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [field]);
      else same.push(field);
    }
    from = end;
  }
  return byName;
}

/** Position after the first CRLF that white space does not follow. */
function fieldEnd(header: Uint8Array, from: number): number {
  let at = from;
  do {
    const crlf = indexOfBytes(header, CRLF, at);
    if (crlf < 0) return header.length;
    at = crlf + 2;
  } while (header[at] === SPACE || header[at] === TAB);
  return at;
}

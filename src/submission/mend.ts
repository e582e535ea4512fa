// Fix-ups of a submitted header before it is judged, so that what is judged and signed is what leaves (F-HDR-8): raw UTF-8 encoded in ASCII
// (RFC 6409 section 8.4), and the author of a program on this host that names none.

import { octetsOf, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { encodeHeader } from '../message/encode-header.ts';
import { encodingRefusal } from '../message/header-facts.ts';
import { type Header, headerField, isNamed } from '../message/header.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { Door, SubmissionSettings } from './context.ts';

export interface Mended {
  readonly header: Header;
  /** Names of fix-ups, for the record. */
  readonly done: readonly string[];
}

export function mendHeader(
  given: Header,
  envelope: Envelope,
  door: Door,
  { headerOctetsMax: limit }: SubmissionSettings,
): Result<Mended, Refusal> {
  const { header, done } = withAuthor(given, envelope, door);
  // Over the network whoever says SMTPUTF8 means it. On this host nobody says it: it is given where something needs it.
  if (envelope.smtputf8 && door.isLocal !== true) return ok({ header, done });
  const encoded = encodeHeader(header);
  if (!encoded.ok) return envelope.smtputf8 ? ok({ header, done }) : err(encodingRefusal(encoded.error));
  const { header: plain, encoded: names } = encoded.value;
  if (names.length === 0) return ok({ header, done });
  if (octetsOf(plain.fields.map(({ raw }) => raw)) > limit)
    return err(refusal('headerTooLarge', `header over ${limit} octets in encoded words`, { limit }));
  return ok({ header: plain, done: [...done, 'encoded-words'] });
}

/** Only of a program on this host, which has no user to ask; over the network a missing From is its client's to mend (requirements 5322-a). */
function withAuthor(header: Header, { reversePath }: Envelope, { isLocal }: Door): Mended {
  const isMissing = !header.fields.some((field) => isNamed(field, 'from'));
  if (isLocal !== true || reversePath === '' || !isMissing) return { header, done: [] };
  return {
    header: { fields: [headerField(utf8(`From: ${reversePath}\r\n`)), ...header.fields] },
    done: ['from'],
  };
}

// The trail: events appended to the chain inside the transaction of what they tell of (D-TR-3).

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { contentHash, firstLink, linkOf, SALT_OCTETS } from '../../record/link.ts';
import { bytes, type Database, number } from './database.ts';

export interface Trail {
  append(event: EventDraft): number;
  /** Where the chain stands: taken before a transaction, given back if it is rolled back. */
  mark(): TrailMark;
  reset(mark: TrailMark): void;
}

export interface TrailMark {
  readonly sequence: number;
  readonly link: Uint8Array;
}

const CHAIN = 1;

export function openTrail(db: Database, entropy: Entropy): Trail {
  const last = db.get('SELECT sequence, link FROM event ORDER BY sequence DESC LIMIT 1');
  let mark: TrailMark =
    last === undefined
      ? { sequence: 0, link: firstLink }
      : { sequence: number(last, 'sequence'), link: bytes(last, 'link') };

  return {
    append(event) {
      const sequence = mark.sequence + 1;
      const salt = entropy.bytes(SALT_OCTETS);
      const payload = Buffer.from(JSON.stringify(event.payload));
      const hash = contentHash(salt, payload);
      const subject = event.messageId ?? event.identityId ?? '';
      const link = linkOf({
        previous: mark.link,
        sequence,
        time: event.time,
        type: event.type,
        subject,
        contentHash: hash,
      });
      db.run(
        'INSERT INTO event (sequence, chain, time, type, message_id, identity_id, salt, payload, content_hash, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        sequence,
        CHAIN,
        event.time,
        event.type,
        event.messageId ?? null,
        event.identityId ?? null,
        salt,
        payload,
        hash,
        link,
      );
      mark = { sequence, link };
      return sequence;
    },
    mark: () => mark,
    reset(to) {
      mark = to;
    },
  };
}

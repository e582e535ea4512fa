// A queued message stands in one of two places: in the tables of the queue (`filed.ts`), or, while the front that accepted it has it in hand, as one row
// beside them (`inflight-place.ts`). Both answer the same questions.

import type { MessageId } from '../../base/message-id.ts';
import type { QueueDepth } from '../depth.ts';
import type { Lookups, QueueEntry } from '../lookups.ts';
import type { QueuedMessage } from '../port.ts';
import type { QueueSelector } from '../selector.ts';
import type { Database } from './database.ts';
import { filedPlace } from './filed.ts';
import { inflightPlace } from './inflight-place.ts';

export type QueuePage = Parameters<Lookups['queue']>[1];

export interface QueuePlace {
  message(id: MessageId): QueuedMessage | undefined;
  /** Header and body. */
  content(id: MessageId): AsyncIterable<Uint8Array> | undefined;
  /** In the order of ids. */
  entries(selector: QueueSelector, page: QueuePage): readonly QueueEntry[];
  /** The first `max` of each message. */
  entriesOfMessages(ids: readonly MessageId[], max: number): readonly QueueEntry[];
  /** Recipients, at most `max`. */
  count(selector: QueueSelector, max: number): number;
  /** Recipients that only their identity holds. */
  countHeldByIdentity(): number;
  depth(): QueueDepth;
  /** The earliest acceptance, ms; undefined: there is none. */
  oldest(): number | undefined;
}

/** A message goes from the second into the first, never back: whoever asks both sees one view. */
export function queuePlaces(db: Database, dataDirectory: string): readonly QueuePlace[] {
  return [filedPlace(db, dataDirectory), inflightPlace(db)];
}

export function depthOf(places: readonly QueuePlace[]): QueueDepth {
  const depths = places.map((place) => place.depth());
  return {
    messages: depths.reduce((sum, { messages }) => sum + messages, 0),
    ofStrangers: depths.reduce((sum, { ofStrangers }) => sum + ofStrangers, 0),
  };
}

// What the parts of the memory store share while a change is done.

import { messageIdBytes, messageIdFromBytes, type MessageId } from '../../base/message-id.ts';
import type { EventDraft } from '../../record/events.ts';
import type { StoreNotice } from '../port.ts';
import type { MessageRow, Tables } from './tables.ts';

export interface State {
  readonly tables: Tables;
  /** When this life began: at the start, or at the last crash. */
  openedAt(): number;
  /** Why nothing more can be accepted, or undefined. */
  fullBecause(): string | undefined;
  /** Undefined: as many as there is space for. */
  queuedMessagesMax(): number | undefined;
  /** Appends to the trail. */
  append(event: EventDraft): void;
  /** Told after the commit. */
  notice(notice: StoreNotice): void;
  /** Its body is removed after the commit. */
  bodyDone(id: MessageId): void;
}

/** An id as it is kept, however it was spelled; undefined: this is none. */
export function keptId(id: MessageId): MessageId | undefined {
  const bytes = messageIdBytes(id);
  return bytes === undefined ? undefined : messageIdFromBytes(bytes);
}

export function findMessage({ messages }: Tables, id: MessageId): MessageRow | undefined {
  const kept = keptId(id);
  return kept === undefined ? undefined : messages.get(kept);
}

export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

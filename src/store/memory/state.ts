// What the parts of the memory store share while a change is done.

import type { MessageId } from '../../base/message-id.ts';
import type { Clock } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import type { QueueLimits } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { NodeFactsChange } from '../nodes.ts';
import type { OutcomeOf, StoreNotice } from '../port.ts';
import type { Withdrawals } from '../withdrawals.ts';
import type { MessageRow, Tables } from './tables.ts';

export interface State {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly withdrawals: Withdrawals;
  /** Why nothing more can be accepted, or undefined. */
  fullBecause(): string | undefined;
  readonly queueLimits: QueueLimits;
  /** Appends to the trail. */
  append(event: EventDraft): void;
  /** Sent after the commit. */
  notice(notice: StoreNotice): void;
  /** Its body is removed after the commit. */
  bodyDone(id: MessageId): void;
  noteFacts(change: NodeFactsChange): OutcomeOf<NodeFactsChange>;
}

export function findMessage({ messages }: Tables, id: MessageId): MessageRow | undefined {
  const kept = keptId(id);
  return kept === undefined ? undefined : messages.get(kept);
}

export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

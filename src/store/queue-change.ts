// The operator's commands over the queue, and why a delivery is held. A command goes in slices, so that others' commits come between them however
// much is queued. One that broke off may be given again: what was changed stays, and is not changed twice.

import type { MessageId } from '../base/message-id.ts';
import type { EventDraft } from '../record/events.ts';
import type { OutcomeOf, Store } from './port.ts';
import type { QueueSelector } from './selector.ts';

/** Why a delivery is not tried. It goes on when no reason is left. `identity`: its identity may not send; this follows from the identity alone. */
export const holdReasons = ['operator', 'identity', 'review'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** Recipients that one slice changes at most. */
export const SLICE_MAX = 500;

export interface QueueChange {
  readonly type: 'queue';
  readonly action: 'hold' | 'release' | 'retry' | 'drop';
  readonly selector: QueueSelector;
  /** Which hold is set or lifted; absent: the operator's. */
  readonly reason?: Exclude<HoldReason, 'identity'>;
  readonly now: number;
  readonly by: string;
  /** Why, in the words of who does it. */
  readonly because?: string;
  /** Recipients in this slice; absent, or more than `SLICE_MAX`: so many. What a message id names is always one slice. */
  readonly max?: number;
  /** `next` of the slice before; absent: the first slice. */
  readonly after?: QueuePosition;
}

/** After this recipient a command goes on. */
export interface QueuePosition {
  /** Empty: before all. */
  readonly messageId: MessageId;
  readonly recipientNumber: number;
  /** The trail has the event of this command: a hold or a release has one, whatever it meant. A drop has one for each recipient. */
  readonly told: boolean;
  /** What was accepted after this event of the trail is not meant: it came after the command. */
  readonly until: number;
}

export interface QueueOutcome {
  readonly type: 'changed';
  readonly count: number;
  /** Where the next slice begins; absent: this was the last one. */
  readonly next?: QueuePosition;
}

/** So many slices of a command, one after the other, from a position on; by default all. */
export async function changeInSlices(
  store: Pick<Store, 'commit'>,
  command: Omit<QueueChange, 'type' | 'after'>,
  { slices = Infinity, after }: { readonly slices?: number; readonly after?: QueuePosition | undefined } = {},
): Promise<OutcomeOf<QueueChange>> {
  let count = 0;
  let next = after;
  for (let slice = 0; slice < slices; slice += 1) {
    const [outcome] = await store.commit([
      { ...command, type: 'queue', ...(next === undefined ? {} : { after: next }) },
    ]);
    if (outcome.type === 'failed') return outcome;
    count += outcome.count;
    ({ next } = outcome);
    if (next === undefined) break;
  }
  return { type: 'changed', count, ...(next === undefined ? {} : { next }) };
}

/** The event of a hold or a release, of which there is one, whatever it meant; undefined: it is told already, or was no such command. `first`: of what it changed. */
export function eventOfCommand(
  { action, selector, now, by, because, after }: QueueChange,
  first: { readonly messageId: MessageId; readonly identityId: string | undefined },
): EventDraft | undefined {
  if (after?.told === true || (action !== 'hold' && action !== 'release')) return undefined;
  const { messageId, ...detail } = selector;
  const identityId = messageId === undefined ? selector.identityId : first.identityId;
  return {
    type: action === 'hold' ? 'held' : 'released',
    time: now,
    ...(messageId === undefined ? {} : { messageId: first.messageId }),
    ...(identityId === undefined ? {} : { identityId }),
    payload: { by, action, detail: detailOf(detail, because) },
  };
}

/** What was selected, and why. */
function detailOf(
  { nextHop, ...selector }: QueueSelector,
  because: string | undefined,
): Readonly<Record<string, string | number | boolean>> {
  const kept = Object.entries({
    ...selector,
    ...(nextHop === undefined ? {} : { nextHop: nextHop.name }),
    ...(because === undefined ? {} : { reason: because }),
  });
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
}

/** Who takes a recipient out of the queue undelivered, when and why. */
export interface Dropping extends Pick<QueueChange, 'now' | 'by' | 'because'> {
  /** Its sender himself, before it left. */
  readonly takenBack?: true;
}

export function eventOfDrop(
  { now, by, because, takenBack }: Dropping,
  one: {
    readonly messageId: MessageId;
    readonly identityId: string | undefined;
    readonly recipient: string;
    readonly recipientNumber: number;
    readonly attempt: number;
  },
): EventDraft {
  const { messageId, identityId, recipient, recipientNumber, attempt } = one;
  const who = takenBack === true ? `taken back by its sender before it left: ${by}` : `dropped by ${by}`;
  const diagnostic = `${who}${because === undefined ? '' : `: ${because}`}`;
  return {
    ...{ type: 'dropped', time: now, messageId },
    ...(identityId === undefined ? {} : { identityId }),
    payload: {
      ...{ recipient, recipientNumber, attempt, status: '5.0.0', diagnostic },
      ...(takenBack === undefined ? {} : { takenBack }),
    },
  };
}

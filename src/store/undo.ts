// Undo: a sender takes a message back before it leaves, whole or not at all. Whether it is early enough is decided here, by the clock that a claim goes by: what
// is due may be claimed, and what is not due may not.

import type { MessageId } from '../base/message-id.ts';
import type { IdentityId } from '../record/identity.ts';

export interface UndoChange {
  readonly type: 'undo';
  readonly messageId: MessageId;
  /** Its sender. */
  readonly identityId: IdentityId;
  /** Of its recipients so many wait, as far as the asker knows: if there are fewer, some have left. */
  readonly recipients: number;
  readonly now: number;
  readonly by: string;
}

export interface UndoOutcomes {
  /** `tooLate`: nothing was done. Some of it is due or was claimed, some is held, or it is not there. */
  undo: { readonly type: 'undone' } | { readonly type: 'tooLate' };
}

/** A recipient that waits. */
export interface Waiting {
  readonly attempt: number;
  readonly isLeased: boolean;
  readonly isHeld: boolean;
  readonly dueAt: number;
}

/** `now`: by the store's clock. */
export function mayBeUndone(
  { recipients }: Pick<UndoChange, 'recipients'>,
  waiting: readonly Waiting[],
  now: number,
): boolean {
  return (
    waiting.length > 0 &&
    waiting.length === recipients &&
    waiting.every(
      ({ attempt, isLeased, isHeld, dueAt }) => attempt === 0 && !isLeased && !isHeld && dueAt > now,
    )
  );
}

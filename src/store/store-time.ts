// Where several nodes write one store, what is due goes by the clock of the store, and that of a node may be another. Before a change is sent, its times at which
// something is due, too old, or charged to a limit, are brought to the store's clock: else the mail of a node that is an hour ahead would wait for an hour, and that of one behind be tried all the time.
// Times in events stay those of their node. A queue command has one time for both.

import type { AcceptChange, Change, SettleChange } from './port.ts';

/** `aheadMs`: by how much the clock of the asker is ahead of the store's; whole. */
export function inStoreTime(change: Change, aheadMs: number): Change {
  switch (change.type) {
    case 'accept':
      return accept(change, aheadMs);
    case 'free':
      return { ...change, dueAt: change.dueAt - aheadMs };
    case 'settle':
      return settle(change, aheadMs);
    case 'report':
      return change.report === undefined ? change : { ...change, report: accept(change.report, aheadMs) };
    case 'queue': {
      const { now, selector } = change;
      const { dueAfter } = selector;
      return {
        ...{ ...change, now: now - aheadMs },
        selector: dueAfter === undefined ? selector : { ...selector, dueAfter: dueAfter - aheadMs },
      };
    }
    // Else a node that is far ahead would forget what none of the others may.
    case 'purge':
      return { ...change, eventsBefore: change.eventsBefore - aheadMs, now: change.now - aheadMs };
    case 'withdraw':
    case 'undo':
    case 'claim':
    case 'dueNotices':
    case 'record':
    case 'identity':
    case 'credentialUsed':
    case 'sharedKey':
    case 'nodeFacts':
    case 'guesses':
    case 'consoleSession':
    case 'erase':
      return change;
  }
}

/** Limits are counted together with what other nodes charge. */
function accept(change: AcceptChange, aheadMs: number): AcceptChange {
  const { dueAt, charge: asked } = change;
  const due = { ...change, dueAt: dueAt - aheadMs };
  if (asked === undefined) return due;
  return { ...due, charge: { ...asked, charge: { ...asked.charge, at: asked.charge.at - aheadMs } } };
}

function settle({ recipients, tellBy, ...change }: SettleChange, aheadMs: number): SettleChange {
  return {
    ...change,
    recipients: recipients.map((recipient) => {
      const { fate } = recipient;
      if (fate.type !== 'deferred') return recipient;
      return { ...recipient, fate: { ...fate, dueAt: fate.dueAt - aheadMs } };
    }),
    ...(tellBy === undefined ? {} : { tellBy: tellBy - aheadMs }),
  };
}

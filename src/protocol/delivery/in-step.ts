// Whether replies still belong to the commands that they are counted to. After a content the commands of the next message are sent before
// its final reply is there (RFC 2920 section 3.1). A server that leaves one reply out shifts all that follow, and MAIL's 250 would
// count as the end of the message before. So the result of a message is reported only when the 354 of the next one came where it should.

import type { RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import type { DeliveryState, TransactionState } from './state.ts';

/** A reply that only DATA gets. */
export function isGoAhead({ code }: RemoteReply): boolean {
  return code >= 300 && code < 400;
}

/** The statuses that MAIL and RCPT are answered with, content is not (RFC 3463 section 3.2). */
export function isOfEnvelope({ status }: RemoteReply): boolean {
  return status.startsWith('2.1.');
}

/**
 * The reply taken for the final one of `transaction` may be that to the next MAIL: more replies came without a 354, or it has the status that only
 * MAIL gets (RFC 3463 section 3.2). If nothing more came, the server just closed, as servers do that limit the messages of a connection.
 */
export function isDoubtful({ open }: DeliveryState, transaction: TransactionState): boolean {
  const next = open[open.indexOf(transaction) + 1];
  if (next === undefined || next.inStep) return false;
  const isOfMail = (result: RecipientResult | undefined): boolean =>
    result?.type === 'accepted' && result.reply.status === '2.1.0';
  return next.heard || transaction.results.some(isOfMail);
}

/** Garbage, or half a reply, may stand in the place of a reply: replies counted before it are as doubtful as after a whole one. */
export function moreWasSaid({ open }: DeliveryState): void {
  for (const transaction of open)
    if (!transaction.inStep && transaction.farewell === undefined) transaction.heard = true;
}

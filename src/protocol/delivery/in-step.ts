// Whether replies still belong to the commands that they are counted to. Behind a content the commands of the next message are sent before
// its final reply is there (RFC 2920 section 3.1). A server that leaves one reply out shifts all that follow, and MAIL's 250 would
// count as the end of the message before: so that one is told only when the next one's 354 came where it should.

import type { RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import type { DeliveryState, Transaction } from './state.ts';

/** Only DATA is answered so. */
export function isGoAhead({ code }: RemoteReply): boolean {
  return code >= 300 && code < 400;
}

/** The statuses that MAIL and RCPT are answered with, content is not (RFC 3463 section 3.2). */
export function isOfEnvelope({ status }: RemoteReply): boolean {
  return status.startsWith('2.1.');
}

/**
 * What was taken for its final reply may have been that to the MAIL after it: more was said and no 354 followed, or it has the status that only
 * MAIL's has (RFC 3463 section 3.2). Without more said, a server just closed after it, as servers do that take so many messages a connection.
 */
export function isDoubtful({ open }: DeliveryState, transaction: Transaction): boolean {
  const next = open[open.indexOf(transaction) + 1];
  if (next === undefined || next.inStep) return false;
  const isOfMail = (result: RecipientResult | undefined): boolean =>
    result?.type === 'accepted' && result.reply.status === '2.1.0';
  return next.heard || transaction.results.some(isOfMail);
}

/** What is no reply, or half of one, may stand where one belongs: what was counted before it is as doubtful as after a reply. */
export function moreWasSaid({ open }: DeliveryState): void {
  for (const transaction of open)
    if (!transaction.inStep && transaction.farewell === undefined) transaction.heard = true;
}

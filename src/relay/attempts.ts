// From what the delivery machine found for a recipient to the attempt that is told of it.

import { isForNextTransaction } from '../protocol/delivery/portion.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import type { Attempt } from './delivery-job.ts';
import type { HopConnection } from './hop-connection.ts';

export function attemptOf(result: RecipientResult, connection: HopConnection): Attempt {
  const { tls, inClearBecause } = connection;
  const reached = {
    remote: connection.remote,
    ...(tls === undefined ? {} : { tls }),
    ...(inClearBecause === undefined ? {} : { inClearBecause }),
  };
  switch (result.type) {
    case 'accepted': {
      const { status, text } = result.reply;
      const type = connection.hop.protocol === 'lmtp' ? 'delivered' : 'relayed';
      return { type, status, diagnostic: text, reportsPassedOn: result.reportsPassedOn, ...reached };
    }
    case 'refused': {
      // 552 was meant as 452 (RFC 5321 section 4.5.3.1.10).
      const { reply, permanent } = result;
      if (permanent && !isForNextTransaction(result))
        return { type: 'failed', status: reply.status, diagnostic: reply.text, ...reached };
      return { type: 'deferred', status: `4${reply.status.slice(1)}`, diagnostic: reply.text, ...reached };
    }
    case 'undecided': {
      const { status, diagnostic, permanent } = result;
      return { type: permanent ? 'failed' : 'deferred', status, diagnostic, ...reached };
    }
  }
}

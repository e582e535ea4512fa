// Whose fault a refusal at MAIL is: the message's, or that of this host towards the next hop (its credentials, its address, its reputation). The second
// kind must not bounce everybody's mail: the mail waits, and the operator is told.

import type { Clock } from '../platform/platform.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import type { DeliveryJob } from './delivery-job.ts';

/** RFC 4954 section 6: replies to a client that is not, or not well enough, authenticated. */
const ofCredentials: ReadonlySet<number> = new Set([530, 534, 535, 538]);
/** A hop that took another sender's mail within this time knows us. */
const KNOWN_MS = 3_600_000;

/** `unclear`: not known yet, tried again; `login`: the hop wants a valid login of this host, and takes nobody's mail before. */
export type Culprit = 'message' | 'unclear' | 'host' | 'login';

export interface Blame {
  judge(results: readonly RecipientResult[], job: Pick<DeliveryJob, 'message' | 'deliveries'>): Culprit;
  /** The hop refuses everybody's mail, as far as we know. */
  readonly isOurs: boolean;
}

export function createBlame(clock: Pick<Clock, 'monotonic'>): Blame {
  /** Senders that the hop refused since it last took mail. */
  const senders = new Set<string>();
  let tookAt: number | undefined;
  let isOurs = false;

  function ours(verdict: 'host' | 'login'): Culprit {
    isOurs = true;
    return verdict;
  }

  return {
    judge(results, { message, deliveries }) {
      const refused = results.filter((result) => result.type === 'refused');
      const ofMessage = refused.filter(({ reply }) => !ofCredentials.has(reply.code)).length;
      if (ofMessage < refused.length)
        return ours(ofMessage > 0 || results.some(isAccepted) ? 'host' : 'login');
      const now = clock.monotonic();
      const atMail = refused.find(({ command }) => command === 'MAIL');
      if (atMail === undefined) {
        // A refusal of RCPT or the content only comes after a good MAIL.
        if (refused.length > 0 || results.some(isAccepted)) {
          tookAt = now;
          isOurs = false;
          senders.clear();
        }
        return 'message';
      }
      const isSecurityOrPolicy = atMail.permanent && atMail.reply.status.startsWith('5.7.');
      if (!isSecurityOrPolicy || (tookAt !== undefined && now - tookAt < KNOWN_MS)) return 'message';
      // Two refused senders are enough to know that it is not the sender.
      if (senders.size < 2) senders.add(message.envelope.reversePath);
      if (senders.size > 1) return ours('host');
      return deliveries.some(({ attempt }) => attempt === 1) ? 'unclear' : 'message';
    },
    get isOurs() {
      return isOurs;
    },
  };
}

const isAccepted = ({ type }: RecipientResult): boolean => type === 'accepted';

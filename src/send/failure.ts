// How `postern send` fails, and what of a submission leads to which exit code.

import { EX, type SysExit } from '../base/sysexits.ts';
import type { SubmissionError } from '../client/index.ts';

/** One line for people and the exit code for the program that called. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure';
  readonly code: SysExit;

  constructor(code: SysExit, message: string) {
    super(message);
    this.code = code;
  }
}

type Told = Pick<SubmissionError, 'kind' | 'retry' | 'reply'>;

/** `outcomeUnknown` is no EX_TEMPFAIL: whoever sends again on that would double the message. */
export function exitOf({ kind, retry, reply }: Told): SysExit {
  switch (kind) {
    case 'badInput':
      return EX.DATAERR;
    case 'noServer':
    case 'confirmationNeeded':
      return EX.CONFIG;
    case 'unreachable':
    case 'unavailable':
    case 'interrupted':
      return EX.TEMPFAIL;
    case 'certificate':
    case 'tls':
      return EX.PROTOCOL;
    case 'authentication':
      return EX.NOPERM;
    case 'refused':
      return retry === 'later' ? EX.TEMPFAIL : exitOfStatus(reply?.enhancedStatus ?? '');
    case 'aborted':
      return retry === 'later' ? EX.TEMPFAIL : EX.UNAVAILABLE;
    case 'notSupported':
    case 'outcomeUnknown':
      return EX.UNAVAILABLE;
  }
}

/** RFC 3463: X.1 addresses, X.6 content, X.7 policy. */
export function exitOfStatus(status: string): SysExit {
  if (/^5\.1\.[1236]$/.test(status)) return EX.NOUSER;
  if (/^5\.7\.(?:1|8|27)$/.test(status)) return EX.NOPERM;
  return status.startsWith('5.6.') ? EX.DATAERR : EX.UNAVAILABLE;
}

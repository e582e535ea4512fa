// What the replies say of the recipients of a transaction.

import type { RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';

type Refused = Extract<RecipientResult, { type: 'refused' }>['command'];
type Undecided = Extract<RecipientResult, { type: 'undecided' }>;
type Results = (RecipientResult | undefined)[];

export function isPositive({ code }: RemoteReply): boolean {
  return code >= 200 && code < 300;
}

export function refusedBy(reply: RemoteReply, command: Refused): RecipientResult {
  return { type: 'refused', reply, permanent: reply.code >= 500, command };
}

/** All that have none yet. */
export function fillRefused(results: Results, reply: RemoteReply): void {
  results.forEach((result, at) => {
    results[at] = result ?? refusedBy(reply, 'MAIL');
  });
}

/** All that have none yet. */
export function fillUndecided(results: Results, undecided: Omit<Undecided, 'type'>): void {
  results.forEach((result, at) => {
    results[at] = result ?? { type: 'undecided', ...undecided };
  });
}

/** Keeps results that were found without a reply. */
export function forgetReplies(results: Results): void {
  results.forEach((result, at) => {
    if (result !== undefined && !isOfAddress(result)) results[at] = undefined;
  });
}

/** The hop was not asked about it: the others decide what is to be thought of the connection or of the message. */
export function isOfAddress(result: RecipientResult): boolean {
  return result.type === 'undecided' && result.isRecipients === true;
}

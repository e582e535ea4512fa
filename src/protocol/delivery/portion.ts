// Which recipients go in this transaction, and which in the next. A server says how many it takes (LIMITS RCPTMAX, RFC 9422), or finds out
// when they have become too many: 452, and 552 of old servers (RFC 5321 section 4.5.3.1.10). Whoever has a message to send again asks
// `whoGoesAgain` after each transaction.

import type { Capabilities } from './commands.ts';
import type { DeliverySettings, RecipientResult } from './ports.ts';
import { isOfAddress } from './results.ts';

/** Recipients without a result go in this transaction up to the server's limit for one message; the others get a result that there is no room. */
export function keepRoom(
  results: (RecipientResult | undefined)[],
  settings: DeliverySettings,
  capabilities: Capabilities,
): void {
  const most = recipientsMax(settings, capabilities);
  if (results.length <= most) return;
  let asked = 0;
  for (const [at, result] of results.entries())
    if (result === undefined && (asked += 1) > most) results[at] = noRoom(most);
}

function recipientsMax(
  { recipientsMax: own = Infinity }: DeliverySettings,
  capabilities: Capabilities,
): number {
  const limits = capabilities.get('LIMITS');
  if (limits === undefined) return own;
  const most = Number(/(?:^| )RCPTMAX=(\d{1,6})(?: |$)/i.exec(limits)?.[1] ?? 0);
  return most > 0 ? Math.min(own, most) : own;
}

function noRoom(most: number): RecipientResult {
  const diagnostic = `the server takes ${most} recipients with one message`;
  return { type: 'undecided', status: '4.5.3', diagnostic, permanent: false, isRecipients: true };
}

/** The server takes no more recipients with this message, but may take them with another. */
export function isForNextTransaction(result: RecipientResult): boolean {
  if (wasNotAsked(result)) return true;
  if (result.type !== 'refused' || result.command !== 'RCPT') return false;
  return result.reply.code === 452 || result.reply.code === 552;
}

/**
 * Positions of those that go in another transaction at once. Nobody, if the server took none of those that it was asked about: to try again would not
 * end; and if it was the message that was refused (`withVerdict`), for it would be again.
 */
export function whoGoesAgain(results: readonly RecipientResult[]): readonly number[] {
  if (!results.some(isForNextTransaction) || verdictOnMessage(results) !== undefined) return [];
  const again = [...results.keys()].filter(
    (at) => results[at] !== undefined && isForNextTransaction(results[at]),
  );
  const isAnyoneDone = again.length < results.length;
  return isAnyoneDone && (results.some(isAccepted) || results.some(wasNotAsked)) ? again : [];
}

/** What was said against the message itself holds for those too whom there was no room for: it would be the same with them. */
export function withVerdict(results: readonly RecipientResult[]): readonly RecipientResult[] {
  if (!results.some(isForNextTransaction)) return results;
  const verdict = verdictOnMessage(results);
  return verdict === undefined
    ? results
    : results.map((result) => (isForNextTransaction(result) ? verdict : result));
}

/** Why the message itself, not a recipient, did not get through. */
function verdictOnMessage(results: readonly RecipientResult[]): RecipientResult | undefined {
  if (results.some(isAccepted)) return undefined;
  return results.find(
    (result) =>
      (result.type === 'undecided' && !isOfAddress(result)) ||
      (result.type === 'refused' && result.command !== 'RCPT'),
  );
}

const isAccepted = ({ type }: RecipientResult): boolean => type === 'accepted';

const wasNotAsked = (result: RecipientResult): boolean =>
  isOfAddress(result) && result.type === 'undecided' && !result.permanent;

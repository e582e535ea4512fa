// The queue as programs get it, from the command line and from the API alike. Times are numbers; whoever prints it writes them as others read them.

import { formatDuration } from '../base/duration.ts';
import type { QueueEntry, QueueOfIdentity } from '../store/lookups.ts';
import type { QueueOfAge } from './queue-views.ts';
import type { ListedEntry, Waiting } from './queue-why.ts';

/** In the words of the trail and the metrics. */
export function stateOf({ heldBy, active }: QueueEntry, waiting: Waiting): string {
  if (heldBy.length > 0) return 'held';
  if (active) return 'active';
  return waiting.last === undefined ? 'new' : 'deferred';
}

export function entryJson({ entry, waiting }: ListedEntry) {
  const { message, delivery, dueAt, heldBy, active, node } = entry;
  const { id, acceptedAt, identityId, envelope, octets } = message;
  const { recipient, recipientNumber } = delivery;
  return {
    id,
    acceptedAt,
    identityId,
    login: waiting.login,
    state: stateOf(entry, waiting),
    from: envelope.reversePath,
    to: recipient.forwardPath,
    recipientNumber,
    octets,
    attempts: waiting.attempts,
    dueAt,
    held: heldBy.length > 0,
    heldBy,
    active,
    node,
    why: waiting.why,
    lastAttempt: waiting.last,
  };
}

/** Ages as they are asked for: `4h`. */
export function ofAgeJson({ olderThan, youngerThan, deliveries, isCut }: QueueOfAge) {
  return {
    ...(olderThan === undefined ? {} : { olderThan: formatDuration(olderThan) }),
    ...(youngerThan === undefined ? {} : { youngerThan: formatDuration(youngerThan) }),
    ...{ deliveries, isCut },
  };
}

export function ofIdentityJson({ identityId, login, deliveries, oldestAcceptedAt }: QueueOfIdentity) {
  return { identityId, login, deliveries, oldestAcceptedAt };
}

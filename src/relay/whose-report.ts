// Whose mail a report of ours is about, as the trail knows it. A report to one of our users must not get lost; one to a stranger whose address was
// perhaps forged may get lost (a double bounce), or strangers could fill the queue with them.

import type { MessageId } from '../base/message-id.ts';
import type { AcceptedPayload } from '../record/events.ts';
import type { Lookups } from '../store/lookups.ts';

/** True also when the trail does not know any more. Never rejects. */
export async function isAboutOurs(
  lookups: Pick<Lookups, 'eventsOfMessage'>,
  reportId: MessageId,
): Promise<boolean> {
  const acceptedOf = async (id: MessageId): Promise<AcceptedPayload | undefined> => {
    const [first] = await lookups.eventsOfMessage(id, 1);
    return first?.type === 'accepted' ? first.payload : undefined;
  };
  try {
    const { reportOn } = (await acceptedOf(reportId)) ?? {};
    if (reportOn === undefined) return true;
    return (await acceptedOf(reportOn))?.session.role !== 'mx';
  } catch {
    return true;
  }
}

// Of traced messages those recipients that still wait, as the queue has them: a page says of them what the queue says.

import type { ListedEntry } from '../administration/queue-why.ts';
import type { TracedMessage } from '../audit/trace.ts';
import type { Asked } from './page.ts';

/** By the id of the message and the number of the recipient. */
export type StillQueued = ReadonlyMap<string, ReadonlyMap<number, ListedEntry>>;

export const isQueued = ({ recipients }: Pick<TracedMessage, 'recipients'>): boolean =>
  recipients.some(({ fate }) => fate === 'queued' || fate === 'deferred');

export async function stillQueued(
  { may, administration }: Pick<Asked, 'may' | 'administration'>,
  messages: readonly TracedMessage[],
): Promise<StillQueued> {
  const ids = messages.filter(isQueued).map(({ id }) => id);
  if (ids.length === 0 || !may('queueOfMessages')) return new Map();
  const byMessage = Map.groupBy(
    await administration().queueOfMessages({ ids }),
    ({ entry }) => entry.message.id,
  );
  return new Map(
    [...byMessage].map(([id, listed]) => [
      id,
      new Map(listed.map((one) => [one.entry.delivery.recipientNumber, one])),
    ]),
  );
}

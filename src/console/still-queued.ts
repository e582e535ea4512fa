// Of traced messages those recipients that still wait, as the queue has them: a page says of them what the queue says.

import type { ListedEntry } from '../administration/queue-why.ts';
import type { TracedMessage } from '../audit/trace.ts';
import type { Asked } from './page.ts';

/** By the id of the message and the number of the recipient. */
export type StillQueued = ReadonlyMap<string, ReadonlyMap<number, ListedEntry>>;

/** Of one message: a page shows no more of them. */
const RECIPIENTS_MAX = 500;

export const isQueued = ({ recipients }: Pick<TracedMessage, 'recipients'>): boolean =>
  recipients.some(({ fate }) => fate === 'queued' || fate === 'deferred');

export async function stillQueued(
  { may, administration }: Pick<Asked, 'may' | 'administration'>,
  messages: readonly TracedMessage[],
): Promise<StillQueued> {
  if (!may('listQueue')) return new Map();
  const found = await Promise.all(
    messages.filter(isQueued).map(async ({ id }) => {
      const { entries } = await administration().listQueue({ part: { id }, max: RECIPIENTS_MAX });
      return [id, new Map(entries.map((one) => [one.entry.delivery.recipientNumber, one]))] as const;
    }),
  );
  return new Map(found);
}

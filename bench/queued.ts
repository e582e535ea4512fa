// A queue for benchmarks, written into the store itself while no server runs: messages that are due next week, so that nothing moves while others measure.

import { messageIdSource } from '../src/base/message-id.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import { acceptOf, DAY } from '../src/store/store.contract-fixtures.ts';
import { lockDataDirectory } from '../src/store/sqlite/data-directory.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';

const GROUP = 2000;
const DOMAINS = 200;

export interface Queued {
  readonly id: string;
  readonly messageIdField: string;
  readonly address: string;
}

/** Gives back what one message in the middle can be asked for by; all have the same sender, and go to 200 domains. */
export async function fillQueue(
  dataDirectory: string,
  messages: number,
  identityId = 'id-alice',
): Promise<Queued> {
  const address = 'alice@example.org';
  const entropy = systemEntropy();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const unlock = lockDataDirectory(dataDirectory);
  const { store, writer, close } = openSqliteStore({ dataDirectory, clock: systemClock, entropy });
  let middle = '';
  for (let from = 0; from < messages; from += GROUP) {
    const now = systemClock.now();
    const changes = Array.from({ length: Math.min(GROUP, messages - from) }, (_, at) => {
      const number = from + at;
      const id = ids.next(now);
      if (number === Math.floor(messages / 2)) middle = id;
      return acceptOf(id, now, {
        ...{ from: address, identityId, messageIdField: fieldOf(number), dueAt: now + 7 * DAY },
        to: [`bob${number}@d${number % DOMAINS}.example.net`],
      });
    });
    await store.commit(changes);
    while (writer.indexTail(GROUP));
  }
  close();
  unlock();
  return { id: middle, messageIdField: fieldOf(Math.floor(messages / 2)), address };
}

const fieldOf = (number: number): string => `<m${number}@mail.example.org>`;

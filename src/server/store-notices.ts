// Notices of the store to a front, over one line and the next: each part that knows something hears of its change.

import type { Mailboxes } from '../identity/mailboxes.ts';
import type { Line } from '../platform/line.ts';
import type { Relay } from '../relay/relay.ts';
import type { ToldHolder } from '../store/holder.ts';
import type { RemoteStore } from '../store/remote.ts';
import type { IdentityStatuses } from '../submission/identity-status.ts';
import type { Connections } from './connections.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import { isStoreNews } from './store-news.ts';

/** The parts of a front that get notices of the store. */
interface Hearing {
  readonly store: RemoteStore;
  readonly identityStatuses: IdentityStatuses;
  readonly mailboxes: Pick<Mailboxes, 'forget' | 'unsure'>;
  readonly relay: Relay;
  readonly holder: ToldHolder;
  readonly connections: Connections;
}

/** A front's end of its line to the store; a new line replaces a broken one, with which notices may have been lost. */
export function createStoreNotices({
  store,
  holder,
  identityStatuses,
  mailboxes,
  relay,
  connections,
}: Hearing): {
  noticed(notice: unknown): void;
  connect(line: Line): void;
  /** The line has ended; until the next one is there, nobody would tell what changes. */
  lost(): void;
} {
  let isFirst = true;

  function unsure(): void {
    identityStatuses.unsure();
    mailboxes.unsure();
    relay.unsure();
  }

  return {
    noticed(notice) {
      const heard = notice as StoreThreadNotice;
      if (isStoreNews(heard)) return;
      // What is under way in the life before ends, and is settled in vain; what has not begun goes back.
      if (heard.type === 'lease') return holder.told(heard) ? relay.unsure() : undefined;
      store.noticed(heard);
      if (heard.type === 'due') return relay.wake();
      if (heard.type === 'unsure') return unsure();
      identityStatuses.noticed(heard);
      mailboxes.forget(heard.identityId);
      relay.identityChanged(heard);
      connections.noticed(heard);
    },
    connect(line) {
      if (!isFirst) unsure();
      isFirst = false;
      store.connect(line);
    },
    lost: unsure,
  };
}

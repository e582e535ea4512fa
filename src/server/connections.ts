// The open connections of a front: those of an identity that may not go on are cut, and a drain tells all of them.

import { createSlots } from '../base/slots.ts';
import type { StoreNotice } from '../store/port.ts';
import type { Connection } from './conversation.ts';

export interface Connections {
  /** Gives a function that takes it out again. */
  enter(connection: Connection): () => void;
  /** Ends the sessions of an identity, or of a credential of it, that may not go on, also those that are at rest. */
  noticed(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  drain(): void;
  readonly size: number;
}

export function createConnections(): Connections {
  const open = createSlots<Connection>();
  return {
    enter(connection) {
      const slot = open.take(connection);
      return () => void open.leave(slot, connection);
    },
    noticed({ identityId, state, revision, gone }) {
      if (state === 'active' && gone.length === 0) return;
      for (const connection of open.all()) {
        const principal = connection.principal ?? connection.judged;
        if (principal?.identityId !== identityId) continue;
        const isGone = gone.includes(principal.proof.id) && principal.revision < revision;
        if (state !== 'active' || isGone) connection.cut();
      }
    },
    drain() {
      for (const connection of open.all()) connection.feed({ type: 'drain' });
    },
    get size() {
      return open.size;
    },
  };
}

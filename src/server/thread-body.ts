// What runs in a thread, apart from the thread: a body hears of its peers, and of a new line when one is replaced. `thread-entry.ts` gives it real lines,
// the simulation virtual ones.

import type { Line, LineHandlers } from '../platform/line.ts';

/** Who is at the other end of a line. */
export type Peer = 'main' | 'store' | 'lookup' | 'front' | 'face';

/** What a thread waits for before it can be ready: the store, or that another has the name of this node no longer. */
export interface Waiting {
  readonly for: 'store' | 'name';
  readonly because: string;
}

/** Opens this end of the line; call it once. */
export type OpenLine = (handlers: LineHandlers) => Line;

export interface ThreadBody {
  /** Throws if it has nothing to say to such a peer. */
  greet(peer: Peer, open: OpenLine): void;
}

// One message on its way to one next hop, with those of its recipients that go there: what an attempt is made of, and what comes out.

import type { PeerTls } from '../platform/network.ts';
import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { Route } from './settings.ts';

export interface Errand {
  readonly message: QueuedMessage;
  readonly deliveries: readonly Delivery[];
  readonly route: Route;
  /** Header and body, a fresh stream for each attempt. Rejects if the content is gone. */
  content(): Promise<AsyncIterable<Uint8Array>>;
  /** The same in memory, for a message that was accepted here a moment ago. */
  readonly inMemory?: readonly Uint8Array[];
  /** When its sender had the 250, ms, if it was a moment ago. */
  readonly answeredAt?: number;
  /** False: it is known that no line in memory begins with a dot. */
  readonly hasDotLines?: boolean;
  /** False: its identity was suspended meanwhile. Asked again when the connection is there, which may take its time. */
  mayGo?(): boolean;
}

export interface Attempt {
  readonly type: 'delivered' | 'relayed' | 'deferred' | 'failed';
  /** `c.s.d` */
  readonly status: string;
  /** The remote's words, cleaned, or ours. */
  readonly diagnostic: string;
  /** e.g. `smtp mta.internal [192.0.2.7:25]`; absent: no host was reached. */
  readonly remote?: string;
  readonly tls?: PeerTls;
  /** It went in clear because TLS broke. */
  readonly inClearBecause?: string;
  /** When it is tried again, if that is known; else by the schedule. */
  readonly againAt?: number;
  /** The next hop reports what the sender asked for. */
  readonly reportsPassedOn?: boolean;
}

export type ErrandResult =
  /** One for each delivery of the errand, in order. */
  | { readonly type: 'attempted'; readonly attempts: readonly Attempt[] }
  /** It was not to go any more: no attempt was made. */
  | { readonly type: 'withheld' }
  /** No host of the route takes mail now. `probed`: this errand was the one that found out. */
  | {
      readonly type: 'hostDown';
      readonly diagnostic: string;
      readonly status: string;
      readonly until: number;
      readonly probed: boolean;
    };

// One message on its way to one route, with those of its recipients that go there; and the result of an attempt.

import type { PeerTls } from '../platform/network.ts';
import type { WatchedContent } from '../protocol/wire/dot-stuffing.ts';
import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { Route } from './settings.ts';

export interface DeliveryJob {
  readonly message: QueuedMessage;
  readonly deliveries: readonly Delivery[];
  readonly route: Route;
  /** Header and body, a fresh stream for each attempt. Rejects if the content is gone. */
  content(): Promise<AsyncIterable<Uint8Array>>;
  /** The same octets in memory, for a message that was accepted here a moment ago. */
  readonly inMemory?: WatchedContent;
  /** When its sender got the 250, ms; only for a message from memory. */
  readonly answeredAt?: number;
  /** False: its identity was suspended meanwhile. Asked again once connected, when its content is asked for, and before its end, because each may take long. */
  mayGo?(): boolean;
}

export interface Attempt {
  readonly type: 'delivered' | 'relayed' | 'deferred' | 'failed';
  /** `c.s.d` */
  readonly status: string;
  /** The remote's reply text, cleaned, or our own words. */
  readonly diagnostic: string;
  /** e.g. `smtp mta.internal [192.0.2.7:25]`; absent: no host was reached. */
  readonly remote?: string;
  readonly tls?: PeerTls;
  /** It went in clear because TLS broke. */
  readonly inClearBecause?: string;
  /** When it is tried again; absent: by the schedule. */
  readonly againAt?: number;
  /** The next hop takes over the reports that the sender asked for. */
  readonly reportsPassedOn?: boolean;
}

export type JobResult =
  /** One for each delivery of the job, in order. */
  | { readonly type: 'attempted'; readonly attempts: readonly Attempt[] }
  /** The message may not leave any more: no attempt was made. */
  | { readonly type: 'withheld' }
  /** No host of the route takes mail now. `probed`: this job found out. */
  | {
      readonly type: 'hostDown';
      readonly diagnostic: string;
      readonly status: string;
      readonly until: number;
      readonly probed: boolean;
    };

// What the client needs from outside, as ports: the real ones unless a test gives others.

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { networkPlace } from '../platform/network-place.ts';
import { type Network, systemNetwork } from '../platform/network.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { type RecordSource, systemRecords } from '../platform/record-lookup.ts';
import { type DocumentSource, httpsDocuments } from '../platform/web-document.ts';

export interface ClientPorts {
  readonly network: Network;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly records: RecordSource;
  readonly documents: DocumentSource;
  /** Changes when the machine moves to another network. */
  networkPlace(): string;
}

export function systemPorts(ca?: string): ClientPorts {
  return {
    network: systemNetwork,
    clock: systemClock,
    entropy: systemEntropy(),
    records: systemRecords(),
    documents: httpsDocuments(ca),
    networkPlace,
  };
}

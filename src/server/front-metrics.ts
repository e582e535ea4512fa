// The counts of a front: plain numbers by name and label. Main adds up those of all fronts when it is asked (http/metrics).

import { ACCEPT_SECONDS, createStopwatch, type Times } from '../observe/tally.ts';

export interface FrontMetrics {
  connected(role: string): void;
  tls(version: string): void;
  authentication(mechanism: string, outcome: string): void;
  refused(name: string): void;
  /** A connection from a proxy that did not say whose it is. */
  unnamed(): void;
  /** `ms`: since its MAIL. */
  accepted(octets: number, ms: number): void;
  readonly counts: FrontCounts;
}

type Counts = Readonly<Record<string, number>>;

export interface FrontCounts {
  readonly connections: Counts;
  readonly tls: Counts;
  /** By mechanism, then by outcome. */
  readonly authentications: Readonly<Record<string, Counts>>;
  readonly refusals: Counts;
  readonly unnamed: number;
  readonly accepted: { readonly messages: number; readonly octets: number; readonly times: Times };
}

export function createFrontMetrics(): FrontMetrics {
  const connections: Record<string, number> = {};
  const tls: Record<string, number> = {};
  const authentications: Record<string, Record<string, number>> = {};
  const refusals: Record<string, number> = {};
  const stopwatch = createStopwatch(ACCEPT_SECONDS);
  let unnamed = 0;
  let messages = 0;
  let octetsInAll = 0;
  return {
    connected: (role) => add(connections, role),
    tls: (version) => add(tls, version),
    authentication: (mechanism, outcome) => add((authentications[mechanism] ??= {}), outcome),
    refused: (name) => add(refusals, name),
    unnamed: () => void (unnamed += 1),
    accepted(octets, ms) {
      messages += 1;
      octetsInAll += octets;
      stopwatch.took(ms);
    },
    get counts() {
      const accepted = { messages, octets: octetsInAll, times: stopwatch.times };
      return { connections, tls, authentications, refusals, unnamed, accepted };
    },
  };
}

function add(to: Record<string, number>, label: string): void {
  to[label] = (to[label] ?? 0) + 1;
}

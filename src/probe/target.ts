// What is probed and with what: the settings of a run with everything filled in, and the ports as the probe sees them.

import type { HostAddress } from '../platform/probe-names.ts';

/** How a port is spoken to: `starttls` (587), `implicit` (465), `mx` (25: STARTTLS if offered, strangers may write to local mailboxes). */
export type PortKind = 'starttls' | 'implicit' | 'mx';

export interface ProbePort {
  readonly port: number;
  readonly kind: PortKind;
  /** Where to, if not the addresses of the host. */
  readonly address?: string;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What is expected of a server, e.g. as seen from another network. Absent: nothing is known. */
export interface Expectation {
  /** The name in the greeting. */
  readonly name?: string;
  /** SHA-256 fingerprints of certificates, lower-case hex; one of them. */
  readonly certificates?: readonly string[];
  /** Keywords of the EHLO answer: in clear on 587, inside TLS on 465. */
  readonly ehlo?: readonly string[];
}

export interface Target {
  readonly host: string;
  readonly addresses: readonly HostAddress[];
  /** What the certificate must be for. */
  readonly name: string;
  /** Whose mail it takes in. */
  readonly domain: string;
  /** True if nobody said it: derived of the host's name. */
  readonly domainIsGuess: boolean;
  readonly ehloName: string;
  /** When the run began, ms since the epoch. */
  readonly now: number;
  readonly ports: readonly ProbePort[];
  readonly localRecipient: string;
  readonly remoteRecipient: string;
  readonly expected: Expectation;
  readonly ca?: string;
  readonly login?: Login;
  readonly loopBack?: string;
  /** The message of `loopBack` as it came back, or undefined if it has not. */
  received?(token: string): Promise<Uint8Array | undefined>;
}

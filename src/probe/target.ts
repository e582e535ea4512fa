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
  /** The server is the prober's own: whatever it takes goes to a mailer that trusts it. */
  readonly atHome?: boolean;
  readonly ca?: string;
  readonly login?: Login;
  readonly loopBack?: LoopBackWish;
}

/** One message that is really sent, and looked at where it arrives. */
export interface LoopBackWish {
  /** A mailbox that whoever runs the probe may read. */
  readonly to: string;
  /** A word of letters and digits that stands nowhere else: by it the message is found. */
  readonly mark: string;
  /** The message with the mark as it lies in the mailbox; undefined: it is not there yet. Absent: nobody can look. May reject. */
  readonly find?: (mark: string) => Promise<Uint8Array | undefined>;
  /** How long it is looked for, ms; default 30 s. */
  readonly waitMs?: number;
}

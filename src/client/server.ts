// A submission server as the client knows it: where it is, how it is secured, how we came to know it, and what came of a try.

import type { CertificateIdentities } from '../platform/network.ts';

/** `explicit`: the user said so. `remembered`: it worked last time. `default`: the list of RFC 5068 section 3.2. */
export type CandidateSource = 'explicit' | 'remembered' | 'srv' | 'autoconfig' | 'default';

export interface Candidate {
  /** A host name (A-labels) or an IP address. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first octet, or STARTTLS, which must succeed. There is no third way. */
  readonly tls: 'implicit' | 'starttls';
  readonly source: CandidateSource;
  /** What its certificate must be valid for: one of these (RFC 6186 section 6, RFC 7817). */
  readonly identities: CertificateIdentities;
  /** Tried in this order until one is not refused; from the source, or the guesses of RFC 6186 section 4. */
  readonly logins?: readonly string[];
  /** The registered-looking domain of the host, where that is not the domain of the address: show it to the user. */
  readonly foreignDomain?: string;
  /** The source can't vouch for a foreign host: used only if the caller's `confirm` says yes (RFC 6186 section 6). */
  readonly needsConfirmation?: true;
}

/** Why a server was given up, or that it was used. Only the causes of `connectionLevel` lead to the next candidate. */
export type AttemptOutcome =
  | 'used'
  | 'notConfirmed'
  | 'nameNotFound'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'noGreeting'
  | 'closedBeforeTls'
  | 'noStartTls'
  | 'noTls'
  | 'certificate'
  | 'tls'
  | 'authentication'
  | 'unavailable';

/** Nothing was said to anybody but that we are there: the next candidate may be tried (C-ORD-4). */
export const connectionLevel: ReadonlySet<AttemptOutcome> = new Set([
  'nameNotFound',
  'refused',
  'timeout',
  'unreachable',
  'noGreeting',
  'closedBeforeTls',
  'noStartTls',
]);

export interface Attempt {
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'starttls';
  readonly source: CandidateSource;
  readonly outcome: AttemptOutcome;
  /** In words, for people. */
  readonly detail: string;
}

export function serverName({ host, port }: Pick<Candidate, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

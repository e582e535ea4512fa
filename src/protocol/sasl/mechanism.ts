// SASL as SMTP carries it (RFC 4954): a mechanism opens an exchange for each AUTH (AUTH-aj), which hears what the client said and what it asked for
// itself, and tells the next step. It holds texts alone: what the client brought goes out as evidence, and is judged elsewhere.

import type { TlsFacts } from '../session/ports.ts';

/** What a client brought. Secrets live as long as the question. */
export type Evidence = PasswordEvidence;

export interface PasswordEvidence {
  readonly kind: 'password';
  readonly mechanism: string;
  /** Empty: same as `authenticationIdentity`. */
  readonly authorizationIdentity: string;
  readonly authenticationIdentity: string;
  readonly password: string;
}

/** What a TLS connection gives to bind a proof to it: the channel binding of RFC 9266, TLS 1.3 only. */
export type TlsBinding = 'tls-exporter';

export type SaslStep =
  | { readonly type: 'challenge'; readonly bytes: Uint8Array }
  /** The answer is a verdict, or material with which the exchange goes on (`given`). */
  | { readonly type: 'evidence'; readonly evidence: Evidence }
  /** `given` gets its octets, or undefined if this connection has none. */
  | { readonly type: 'tlsBinding'; readonly binding: TlsBinding }
  /** The message is no message of this mechanism. */
  | { readonly type: 'malformed'; readonly cause: string };

export interface Exchange {
  /** The client has said nothing yet. */
  begin(): SaslStep;
  respond(response: Uint8Array): SaslStep;
  /** What a step asked for. Absent: this exchange asks only for verdicts. */
  given?(octets: Uint8Array | undefined): SaslStep;
}

export interface Mechanism {
  readonly name: string;
  /** May AUTH carry an initial response? */
  readonly clientFirst: boolean;
  open(tls: TlsFacts | undefined): Exchange;
}

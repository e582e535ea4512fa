// The event catalogue: one type for every fact the trail keeps. An event is written in the same commit as the
// change it tells of. Payloads are JSON; purge and erasure null payload and salt, the chain still verifies.
// Personal data stands in payloads only, never in the columns that outlive it.

import type { Endpoint } from '../base/endpoint.ts';
import type { FieldDigests } from '../message/field-digests.ts';
import type { Envelope } from '../protocol/envelope.ts';

/** Where a session came from and how it was protected (RFC 6302: address and port, both ends). */
export interface SessionFacts {
  readonly sessionId: string;
  readonly role: 'submission' | 'mx' | 'local';
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** The proxy that told the addresses above (PROXY protocol), and where it connected to. */
  readonly proxy?: Endpoint & Pick<SessionFacts, 'serverAddress' | 'serverPort'>;
  readonly ehlo: string;
  readonly tls?: { readonly version: string; readonly cipher: string };
}

/** Who was authenticated, with what. */
export interface PrincipalFacts {
  readonly identityId: string;
  readonly login: string;
  readonly credentialId: string;
  readonly credentialLabel: string;
  readonly mechanism: string;
  /** That proved it. Absent: it was proved here. */
  readonly directory?: string;
}

/** A DKIM key that had to sign a message. */
export interface SignatureFacts {
  readonly domain: string;
  readonly selector: string;
  /** Why it did not. */
  readonly failure?: string;
}

export interface AcceptedPayload {
  readonly session: SessionFacts;
  readonly principal?: PrincipalFacts;
  readonly envelope: Envelope;
  /** The node that accepted it, where several share the store. */
  readonly node?: string;
  /** The rule that let the reverse-path and the header senders pass. */
  readonly rule: string;
  readonly withProtocol: string;
  /** Pseudonymous label of `Received ... from <label>.client.<hostname>`. */
  readonly label?: string;
  /** Message-ID after fix-ups, with angle brackets; and as submitted if it was replaced. */
  readonly messageIdField?: string;
  readonly messageIdFieldBefore?: string;
  readonly headerFrom: readonly string[];
  readonly subjectOctets: number;
  /** Names of fix-ups applied: `date`, `message-id`, `bcc`, `encoded-words`, ... */
  readonly completed: readonly string[];
  readonly octets: number;
  /** SHA-256 of the body (what follows the blank line), hex. */
  readonly bodyHash: string;
  /** Digests of what readers see of the header as it left; absent in older records. */
  readonly fieldDigests?: FieldDigests;
  readonly signatures?: readonly SignatureFacts[];
  /** For reports we wrote ourselves: the message the report is about. */
  readonly reportOn?: string;
  /** Until then its sender may take it back; it leaves some seconds later. Absent: he has no undo window. */
  readonly undoUntil?: number;
}

export interface RefusedPayload {
  readonly session: SessionFacts;
  readonly principal?: PrincipalFacts;
  readonly command: string;
  readonly replyCode: number;
  readonly replyStatus: string;
  readonly cause: string;
  readonly reversePath?: string;
  readonly forwardPaths?: readonly string[];
  /** How many refusals this event stands for. */
  readonly count: number;
}

export interface AuthenticationPayload {
  /** `console`: not with SMTP; it has no EHLO and no id. */
  readonly session: Omit<SessionFacts, 'role'> & { readonly role: SessionFacts['role'] | 'console' };
  /** As the client gave it, cut at 255 characters. Failed: only if it names an account here. */
  readonly login?: string;
  readonly mechanism: string;
  readonly cause: string;
  readonly network: string;
  readonly count: number;
}

export interface FatePayload {
  readonly recipient: string;
  /** Position in the accepted envelope, from 0. */
  readonly recipientNumber: number;
  /** Grows with each claim, also of one that was put back untried: it tells attempts apart, and does not count them. */
  readonly attempt: number;
  /** The node that made the attempt, where several share the store. */
  readonly node?: string;
  /** e.g. `smtp mail.example.net [192.0.2.7]:25` or `files /var/...`; absent if no host was reached. */
  readonly remote?: string;
  readonly tls?: { readonly version: string; readonly cipher: string; readonly verified: boolean };
  /** Sent in clear because TLS broke, where TLS is not required. */
  readonly inClearBecause?: string;
  /** `c.s.d` and the remote's words, cleaned. */
  readonly status: string;
  readonly diagnostic: string;
  readonly nextAttemptAt?: number;
  /** Of what was dropped: by its sender himself, before it left. */
  readonly takenBack?: true;
  /** Id of the report (DSN) about it, in events older than the type `reported`. */
  readonly reportId?: string;
}

/** What the sender was told of some recipients, or why not. */
export interface ReportedPayload {
  readonly recipients: readonly {
    readonly recipient: string;
    readonly recipientNumber: number;
    readonly action: string;
  }[];
  /** The message that is the report (DSN), and to whom it goes. */
  readonly reportId?: string;
  readonly to?: string;
  /** Why there is none. */
  readonly cause?: string;
}

export interface AdministrationPayload {
  /** OS user or identity that did it, and through what. */
  readonly by: string;
  readonly action: string;
  readonly detail: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface EventPayloads {
  accepted: AcceptedPayload;
  refused: RefusedPayload;
  authenticationFailed: AuthenticationPayload;
  delivered: FatePayload;
  relayed: FatePayload;
  deferred: FatePayload;
  failed: FatePayload;
  expired: FatePayload;
  dropped: FatePayload;
  reported: ReportedPayload;
  held: AdministrationPayload;
  released: AdministrationPayload;
  identityChanged: AdministrationPayload;
  lookedUp: AdministrationPayload;
  configChanged: AdministrationPayload;
  /** Somebody was let into the console, or left it; a link that lets somebody in was made. */
  consoleSession: AdministrationPayload;
  /** From here on the chain links by another version (`link.ts`). */
  chainVersion: AdministrationPayload;
  purged: AdministrationPayload;
  erased: AdministrationPayload;
  /** Tables brought forward, totals counted again. */
  storeChanged: AdministrationPayload;
  started: AdministrationPayload;
}

export type EventType = keyof EventPayloads;

/** An event before the store gives it its sequence number, salt and link. */
export type EventDraft = {
  [T in EventType]: {
    readonly type: T;
    readonly time: number;
    readonly messageId?: string;
    readonly identityId?: string;
    readonly payload: EventPayloads[T];
  };
}[EventType];

/** Which event of the trail this is: counted from 1 in its chain, without a gap. */
export interface EventPosition {
  readonly chain: number;
  readonly sequence: number;
}

/** An event as the trail keeps it. `payload` is undefined once purged or erased. */
export type TrailEvent = {
  [T in EventType]: EventPosition & {
    readonly type: T;
    readonly time: number;
    readonly messageId?: string;
    readonly identityId?: string;
    readonly payload: EventPayloads[T] | undefined;
  };
}[EventType];

export type AcceptedEvent = Extract<TrailEvent, { readonly type: 'accepted' }>;

export function isAcceptance(event: TrailEvent): event is AcceptedEvent {
  return event.type === 'accepted';
}

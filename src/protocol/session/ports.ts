// What goes into a server session and what comes out. The session is sans I/O: a shell feeds it inputs and
// carries out its outputs in order. At most one question is open; its answer carries the question's number. Until then no
// command is interpreted: bytes are held up to `heldOctetsMax`, then the session asks to pause reading.

import type { Envelope, EnvelopeRecipient, ReversePathAndParameters } from '../envelope.ts';
import type { Refusal, Verdict } from '../refusal.ts';
import type { Evidence, Mechanism, TlsBinding } from '../sasl/mechanism.ts';
import type { LongLines } from '../wire/data-framing.ts';

export type ListenerRole = 'submission' | 'mx';

/** `local`: a program of this host. Who it is was known before: no TLS, no AUTH. */
export type SessionRole = ListenerRole | 'local';

export interface SessionSettings {
  readonly role: SessionRole;
  readonly hostname: string;
  /** `starttls`: offered, and required on role submission. `implicit`: TLS stands before the first byte. `none`: only roles mx and local. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** Offered inside TLS, in this order. */
  readonly mechanisms: readonly Mechanism[];
  /** DSN is said in other ways here. Role `mx` never offers it: strangers could have reports sent to others with it. */
  readonly noDsn?: true;
  readonly messageOctetsMax: number;
  readonly recipientsMax: number;
  readonly longLines: LongLines;
  readonly timeouts: {
    /** From connect to TLS (role mx: to the first MAIL) in all. */
    readonly beforeAuthMs: number;
    /** Inside TLS: to a successful AUTH, again after each that failed. */
    readonly loginMs: number;
    readonly idleMs: number;
    /** Longest time for the shell to answer a question before the session answers 451. */
    readonly replyMs: number;
  };
  /** Failed and unknown commands before 421. */
  readonly errorsMax: { readonly beforeAuth: number; readonly afterAuth: number };
  readonly authFailuresMax: number;
}

export interface TlsFacts {
  /** e.g. `TLSv1.3` */
  readonly version: string;
  /** Registered suite name, e.g. `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly serverName?: string;
}

/** `finalData`: the client gets it as a challenge, and the reply only after its next line. */
export type AuthenticationVerdict =
  | { readonly type: 'authenticated'; readonly login: string; readonly finalData?: Uint8Array }
  | {
      readonly type: 'refused';
      readonly refusal: Refusal;
      /** Nothing is said sooner than this after the question. */
      readonly notBeforeMs: number;
      readonly finalData?: Uint8Array;
    };

export type AuthenticationAnswer =
  | AuthenticationVerdict
  /** No verdict yet: what the exchange goes on with. */
  | { readonly type: 'material'; readonly octets: Uint8Array | undefined };

export type SessionInput =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'tls'; readonly facts: TlsFacts }
  | { readonly type: 'authentication'; readonly question: number; readonly answer: AuthenticationAnswer }
  | {
      readonly type: 'verdict';
      readonly question: number;
      readonly verdict: Verdict;
      /** Of an accepted recipient: where its mail goes, if not where the client said. */
      readonly forwardPath?: string;
    }
  /** Answer to `accept`: the message's id, or why not. */
  | {
      readonly type: 'acceptance';
      readonly question: number;
      readonly answer:
        | { readonly type: 'accepted'; readonly id: string }
        | { readonly type: 'refused'; readonly refusal: Refusal };
    }
  /** Finish what is under way, then 421. */
  | { readonly type: 'drain' }
  /** The principal was suspended or changed in a way that ends its sessions: 421 at the next quiet moment. */
  | { readonly type: 'revoked' }
  | { readonly type: 'closed' }
  /** The session's `deadline` has passed, or a delayed send is due. */
  | { readonly type: 'timeout' };

export type CloseReason =
  | 'quit'
  | 'idle'
  | 'drain'
  | 'errors'
  | 'protocol'
  | 'revoked'
  | 'expired'
  | 'client'
  | 'framing'
  | 'unavailable';

export type SessionOutput =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Start the server side of a handshake now; nothing that was received before belongs to it. */
  | { readonly type: 'startTls' }
  | { readonly type: 'authenticate'; readonly question: number; readonly evidence: Evidence }
  /** Answer with `authentication`, type `material`. */
  | { readonly type: 'tlsBinding'; readonly question: number; readonly binding: TlsBinding }
  /** The client hears that it is who the last answer said it is; from now on it acts as that one. */
  | { readonly type: 'loggedIn' }
  | { readonly type: 'mail'; readonly question: number; readonly from: ReversePathAndParameters }
  /** `envelope`: what was accepted before it. */
  | {
      readonly type: 'recipient';
      readonly question: number;
      readonly recipient: EnvelopeRecipient;
      readonly envelope: Envelope;
    }
  /** DATA or the first BDAT was allowed: message octets follow. No answer is awaited. */
  | { readonly type: 'messageStart'; readonly envelope: Envelope }
  /** Message content with transparency dots removed, CRLF line ends, never a bare CR, LF or NUL. */
  | { readonly type: 'messageBytes'; readonly bytes: Uint8Array }
  /** The message is whole; `hasDotLines`: some line of it begins with a dot. Answer with `acceptance`. */
  | {
      readonly type: 'accept';
      readonly question: number;
      readonly command: 'DATA' | 'BDAT';
      readonly octets: number;
      readonly hasDotLines: boolean;
    }
  /** `accept` was not answered in time and the client was told 451: the message must not leave any more. */
  | { readonly type: 'unanswered' }
  /** The transaction is void (RSET, EHLO, refused content, lost connection): drop what was received. */
  | { readonly type: 'abort'; readonly because: string }
  /** A refusal that the session itself decided, for log, metrics and trail. `envelope`: of the transaction under way. */
  | {
      readonly type: 'refused';
      readonly refusal: Refusal;
      readonly command: string;
      readonly envelope: Envelope | undefined;
    }
  | { readonly type: 'close'; readonly reason: CloseReason };

/** Facts the shell may read at any time, for Received and the trail. */
export interface SessionView {
  readonly ehlo: string | undefined;
  /** RFC 3848 / RFC 6531 `with` value of the current transaction. */
  readonly withProtocol: string;
  readonly tls: TlsFacts | undefined;
  readonly login: string | undefined;
}

export interface ServerSession {
  /** `nowMs`: of a clock that never steps. */
  receive(input: SessionInput, nowMs: number): readonly SessionOutput[];
  /** When `timeout` must be fed next, by the clock of `receive`; undefined: never. */
  readonly deadline: number | undefined;
  readonly view: SessionView;
  readonly closed: boolean;
  /** False: the session no longer waits for this answer, and what it would permit must not be done. */
  awaits(question: number): boolean;
}

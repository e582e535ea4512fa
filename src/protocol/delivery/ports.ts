// What goes into a delivery session and what comes out: the client side of SMTP and LMTP without I/O. One session is one
// connection; it carries one transaction after the other.

import type { Envelope } from '../envelope.ts';
import type { TlsFacts } from '../session/ports.ts';
import type { Capabilities } from './commands.ts';
import type { RemoteReply } from './reply-reader.ts';

export interface DeliverySettings {
  readonly protocol: 'smtp' | 'lmtp';
  /** For EHLO: a host name or an address literal. */
  readonly hostname: string;
  /** `implicit`: TLS stands before the first octet; `required`: STARTTLS or nothing; `opportunistic`: STARTTLS if it is offered. */
  readonly tls: 'implicit' | 'required' | 'opportunistic' | 'none';
  readonly auth?: DeliveryCredentials;
  /** How long the greeting may take, ms; default: the five minutes of RFC 5321 section 4.5.3.2.1. */
  readonly greetingMs?: number;
  /** The author's own client: it speaks for itself, so that MAIL carries no `AUTH=` (RFC 4954 section 5). */
  readonly isAuthor?: true;
  /** Recipients of one transaction at most; absent: as many as the server says it takes (RFC 9422). */
  readonly recipientsMax?: number;
}

export interface DeliveryCredentials {
  readonly user: string;
  readonly password: string;
  /** Tried in this order when `user` is refused with 535: the guesses of RFC 6186 section 4. */
  readonly otherUsers?: readonly string[];
}

/** What a message asks of the next hop. */
export interface DeliveryTransaction {
  readonly envelope: Envelope;
  /** Undefined: the content is a stream of unknown size. */
  readonly octets: number | undefined;
  readonly headerUtf8: boolean;
  readonly body8bit: boolean;
  /** Its content is sent by BDAT where CHUNKING is offered (RFC 3030) and its size is known. It is not pipelined: no 354 tells that replies are in step. */
  readonly chunked?: true;
}

export type DeliveryInput =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'tls'; readonly facts: TlsFacts }
  /** With PIPELINING a transaction may begin as soon as the content of the one before was sent; results come in the order of beginning. */
  | { readonly type: 'transaction'; readonly transaction: DeliveryTransaction }
  /** Some of the content went out: the server is taking it. */
  | { readonly type: 'contentProgress' }
  /** The content went out, its end follows at once. */
  | { readonly type: 'contentSent' }
  /** The content can't be read, or must not be sent (`permanent`): the connection is given up, nothing was delivered. */
  | { readonly type: 'contentFailed'; readonly because: string; readonly permanent: boolean }
  | { readonly type: 'quit' }
  | { readonly type: 'closed'; readonly error?: string }
  | { readonly type: 'timeout' };

export type RecipientResult =
  | {
      readonly type: 'accepted';
      readonly reply: RemoteReply;
      /** The hop will report as asked (RFC 3461). */ readonly reportsPassedOn: boolean;
    }
  | {
      readonly type: 'refused';
      readonly reply: RemoteReply;
      readonly permanent: boolean;
      /** Which command the reply answers; `content`: BDAT or the end of the message. */
      readonly command: 'MAIL' | 'RCPT' | 'DATA' | 'content';
    }
  /** The server did not decide: the connection broke, or the message can't be sent to such a hop. */
  | {
      readonly type: 'undecided';
      readonly status: string;
      readonly diagnostic: string;
      readonly permanent: boolean;
      /** The hop was not asked about this recipient: it can't take the address, or (not permanent) no more of them with this message (`portion.ts`). */
      readonly isRecipients?: true;
    };

export type DeliveryOutput =
  /** `secret`: holds credentials, for nobody's log. */
  | { readonly type: 'send'; readonly bytes: Uint8Array; readonly secret?: true }
  | { readonly type: 'startTls' }
  /** The session can take a transaction. */
  | { readonly type: 'ready' }
  /** Send the content: dot-stuffed with its end, or (`chunk`) as it is; then answer `contentSent`. */
  | { readonly type: 'content'; readonly framing: 'data' | 'chunk' }
  | {
      readonly type: 'result';
      readonly results: readonly RecipientResult[];
      /** The end was sent and no reply came. */ readonly replyLost: boolean;
    }
  /** The host can't be used now; no recipient is to blame. */
  | ({ readonly type: 'hostFailed' } & HostFailure)
  | { readonly type: 'close' };

export interface HostFailure {
  readonly diagnostic: string;
  readonly status: string;
  /** How far the connection had come. */
  readonly stage: DeliveryStage;
  readonly because: FailureCause;
  /** With `reply`: what the server said. */
  readonly reply?: RemoteReply;
}

export type DeliveryStage = 'greeting' | 'hello' | 'startTls' | 'auth' | 'session';

/** `missing`: STARTTLS or a known mechanism is not offered; `nonsense`: what came is not SMTP. */
export type FailureCause = 'reply' | 'missing' | 'closed' | 'timeout' | 'nonsense';

export interface DeliverySession {
  receive(input: DeliveryInput, nowMs: number): readonly DeliveryOutput[];
  readonly deadline: number | undefined;
  readonly tls: TlsFacts | undefined;
  /** Of the last EHLO: what was said before TLS is forgotten (RFC 3207 section 4.2). */
  readonly capabilities: Capabilities;
  /** The login that the server accepted. */
  readonly user: string | undefined;
  /** False: it is closed, or the server said 421. */
  readonly takesMore: boolean;
  readonly closed: boolean;
}

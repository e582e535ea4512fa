// What goes into a delivery session and what comes out: the client side of SMTP and LMTP without I/O (DESIGN 3.1). One session is one
// connection; it carries one transaction after the other.

import type { Envelope } from '../envelope.ts';
import type { TlsFacts } from '../session/ports.ts';
import type { RemoteReply } from './reply-reader.ts';

export interface DeliverySettings {
  readonly protocol: 'smtp' | 'lmtp';
  readonly hostname: string;
  /** `implicit`: TLS stands before the first octet; `required`: STARTTLS or nothing; `opportunistic`: STARTTLS if it is offered. */
  readonly tls: 'implicit' | 'required' | 'opportunistic' | 'none';
  readonly auth?: { readonly user: string; readonly password: string };
}

/** What a message asks of the next hop. */
export interface DeliveryTransaction {
  readonly envelope: Envelope;
  readonly octets: number;
  readonly headerUtf8: boolean;
  readonly body8bit: boolean;
}

export type DeliveryInput =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'tls'; readonly facts: TlsFacts }
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
  | { readonly type: 'refused'; readonly reply: RemoteReply; readonly permanent: boolean }
  /** Nothing was said about it: broken connection, or the message can't be sent to such a hop. */
  | {
      readonly type: 'undecided';
      readonly status: string;
      readonly diagnostic: string;
      readonly permanent: boolean;
    };

export type DeliveryOutput =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'startTls' }
  /** The session can take a transaction. */
  | { readonly type: 'ready' }
  /** Send the content, dot-stuffed, and its end; then answer `contentSent`. */
  | { readonly type: 'content' }
  | {
      readonly type: 'result';
      readonly results: readonly RecipientResult[];
      /** The end was sent and no reply came. */ readonly replyLost: boolean;
    }
  /** The host is no use now; no recipient is to blame. */
  | { readonly type: 'hostFailed'; readonly diagnostic: string; readonly status: string }
  | { readonly type: 'close' };

export interface DeliverySession {
  receive(input: DeliveryInput, nowMs: number): readonly DeliveryOutput[];
  readonly deadline: number | undefined;
  readonly tls: TlsFacts | undefined;
  readonly closed: boolean;
}

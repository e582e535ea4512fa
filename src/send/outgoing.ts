// The data of `postern send`: a message with its envelope, and the server's replies to it.

import type { SysExit } from '../base/sysexits.ts';
import type { NotifyCondition } from '../protocol/envelope.ts';

export interface SendEnvelope {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly notify?: readonly NotifyCondition[];
  readonly ret?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  /** What stands here and in the header for the account's address, which nobody could say yet (stand-in.ts). */
  readonly standIn?: string;
}

export interface Outgoing extends SendEnvelope {
  readonly content: Uint8Array;
}

/** A recipient that was not accepted. */
export interface Left {
  readonly forwardPath: string;
  /** `mayDouble`: all was sent and no answer came. */
  readonly again: 'yes' | 'no' | 'mayDouble';
  readonly code: SysExit;
  readonly problem: string;
}

export interface SendResult {
  readonly left: readonly Left[];
  readonly accepted: number;
  /** True: any other message would fail too. */
  readonly isOfHost: boolean;
  readonly code: SysExit;
  /** One line, with what to do. */
  readonly message: string;
}

/** Hands messages to the server. */
export interface Carrier {
  /** Calls need not wait for each other. Rejects with `SendFailure` where nothing can be sent at all. */
  carry(outgoing: Outgoing): Promise<SendResult>;
  close(): Promise<void>;
}

/** An envelope in the queue, with what became of it. */
export interface StoredEnvelope extends SendEnvelope {
  readonly version: 1;
  /** Size of the message. */
  readonly octets: number;
  /** Milliseconds since the epoch. */
  readonly queuedAt: number;
  readonly tries: number;
  /** Why those that wait were not accepted the last time. */
  readonly problem?: string;
  /** Recipients that were refused for good: kept until somebody says what to do. */
  readonly failed: readonly { readonly forwardPath: string; readonly problem: string }[];
}

/** Undefined: nothing that we have written. */
export function readStored(json: string): StoredEnvelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { version, octets, queuedAt, tries, reversePath, recipients, failed } =
    value as Partial<StoredEnvelope>;
  const isOurs =
    version === 1 &&
    [octets, queuedAt, tries].every((number) => typeof number === 'number') &&
    typeof reversePath === 'string' &&
    Array.isArray(recipients) &&
    Array.isArray(failed);
  return isOurs ? (value as StoredEnvelope) : undefined;
}

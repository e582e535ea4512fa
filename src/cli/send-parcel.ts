// What `postern send` has in its hands: a message with its envelope, and what a server said of it.

import type { NotifyCondition } from '../protocol/envelope.ts';
import type { SysExit } from './sysexits.ts';

export interface SendEnvelope {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly notify?: readonly NotifyCondition[];
  readonly ret?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
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

export interface Verdict {
  readonly left: readonly Left[];
  readonly accepted: number;
  /** True: another message would fare the same. */
  readonly isOfHost: boolean;
  readonly code: SysExit;
  /** One line, with what to do. */
  readonly message: string;
}

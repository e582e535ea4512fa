// What the parts of the machine share: where the connection stands, what was sent and which replies are expected. Replies are matched by counting
// alone (RFC 2920 section 3.1): each command sent puts what it expects into a list.

import { utf8 } from '../../base/bytes.ts';
import type { TlsFacts } from '../session/ports.ts';
import type { Capabilities } from './commands.ts';
import type {
  DeliveryOutput,
  DeliverySettings,
  DeliveryStage,
  DeliveryTransaction,
  RecipientResult,
} from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';

/** RFC 5321 section 4.5.3.2, in minutes. */
export const TIMEOUTS = { greeting: 5, command: 5, data: 2, content: 3, final: 10 } as const;
export type Wait = keyof typeof TIMEOUTS;

export interface Expectation {
  readonly wait: Wait;
  reply(reply: RemoteReply): void;
}

export interface TransactionState {
  readonly request: DeliveryTransaction;
  readonly results: (RecipientResult | undefined)[];
  /** Recipients that RCPT accepted, by their number. */
  readonly accepted: number[];
  /** The end of the content was sent: if no reply comes now, the fate is unknown. */
  endSent: boolean;
  /** All results are there; they are reported after those of earlier transactions, once the next one is in step. */
  ended: { readonly replyLost: boolean } | undefined;
  /** False: the commands were sent after a content without a reply so far, and DATA has no reply yet. */
  inStep: boolean;
  /** One of the commands has a reply. */
  heard: boolean;
  /** The 421 that MAIL got. */
  farewell: RemoteReply | undefined;
  contentSent(): void;
}

/** What the parts of the machine share. */
export interface DeliveryState {
  readonly settings: DeliverySettings;
  now: number;
  waitingSince: number;
  stage: DeliveryStage;
  tls: TlsFacts | undefined;
  capabilities: Capabilities;
  user: string | undefined;
  expected: Expectation[];
  /** Begun and not yet reported, in order; all but the last have sent their content. */
  open: TransactionState[];
  /** The one whose content is going out. */
  sending: TransactionState | undefined;
  /** The server said 421: it takes nothing more over this connection (RFC 5321 section 3.8). */
  leaving: boolean;
  closed: boolean;
  outputs: DeliveryOutput[];
}

export function newState(settings: DeliverySettings, nowMs: number): DeliveryState {
  return {
    settings,
    now: nowMs,
    waitingSince: nowMs,
    stage: 'greeting',
    tls: undefined,
    capabilities: new Map(),
    user: undefined,
    expected: [],
    open: [],
    sending: undefined,
    leaving: false,
    closed: false,
    outputs: [],
  };
}

export function send(state: DeliveryState, command: string): void {
  state.waitingSince = state.now;
  state.outputs.push({ type: 'send', bytes: utf8(command) });
}

export function sendSecret(state: DeliveryState, line: string): void {
  state.waitingSince = state.now;
  state.outputs.push({ type: 'send', bytes: utf8(line), secret: true });
}

export function expect(state: DeliveryState, wait: Wait, reply: (reply: RemoteReply) => void): void {
  state.expected.push({ wait, reply });
}

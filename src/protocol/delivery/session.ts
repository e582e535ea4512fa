// The client side of one connection as a machine of values: greeting → EHLO → STARTTLS → EHLO → AUTH → transactions.

import type { TlsFacts } from '../session/ports.ts';
import { authenticate, ready } from './authenticate.ts';
import { type Capabilities, parseCapabilities } from './commands.ts';
import { close, contentFailed, fail, hostFailed, missing, refusedInContent } from './ending.ts';
import { moreWasSaid } from './in-step.ts';
import type {
  DeliveryInput,
  DeliveryOutput,
  DeliverySession,
  DeliverySettings,
  FailureCause,
} from './ports.ts';
import { ReplyReader } from './reply-reader.ts';
import { type DeliveryState, expect, newState, send, TIMEOUTS } from './state.ts';
import { beginTransaction } from './transaction.ts';

const MINUTE = 60_000;
const IN_CLEAR = 'the server sent octets in clear after its reply to STARTTLS';

export function createDeliverySession(settings: DeliverySettings, nowMs: number): DeliverySession {
  return new RunningDelivery(settings, nowMs);
}

class RunningDelivery implements DeliverySession {
  readonly #state: DeliveryState;
  readonly #reader = new ReplyReader();

  constructor(settings: DeliverySettings, nowMs: number) {
    const state = newState(settings, nowMs);
    this.#state = state;
    expect(state, 'greeting', (reply) => (reply.code === 220 ? hello(state) : hostFailed(state, reply)));
  }

  receive(input: DeliveryInput, nowMs: number): readonly DeliveryOutput[] {
    const state = this.#state;
    state.now = nowMs;
    if (!state.closed) this.#take(input);
    const { outputs } = state;
    state.outputs = [];
    return outputs;
  }

  get deadline(): number | undefined {
    const { closed, sending, expected, settings, waitingSince } = this.#state;
    if (closed) return undefined;
    const wait = sending === undefined ? expected[0]?.wait : 'content';
    if (wait === undefined) return undefined;
    const { greetingMs } = settings;
    const waitMs = wait === 'greeting' && greetingMs !== undefined ? greetingMs : TIMEOUTS[wait] * MINUTE;
    return waitingSince + waitMs;
  }

  get tls(): TlsFacts | undefined {
    return this.#state.tls;
  }

  get capabilities(): Capabilities {
    return this.#state.capabilities;
  }

  get user(): string | undefined {
    return this.#state.user;
  }

  get takesMore(): boolean {
    return !this.#state.closed && !this.#state.leaving;
  }

  get closed(): boolean {
    return this.#state.closed;
  }

  #take(input: DeliveryInput): void {
    const state = this.#state;
    switch (input.type) {
      case 'bytes':
        return this.#takeBytes(input.bytes);
      case 'tls':
        // Half a reply may have been read after the 220 and before the handshake.
        if (this.#reader.pending) return fail(state, IN_CLEAR, 'nonsense');
        state.tls = input.facts;
        state.waitingSince = state.now;
        if (state.settings.tls !== 'implicit') hello(state);
        return;
      case 'transaction':
        return beginTransaction(state, input.transaction);
      case 'contentProgress':
        state.waitingSince = state.now;
        return;
      case 'contentSent':
        state.waitingSince = state.now;
        return state.sending?.contentSent();
      case 'contentFailed':
        return contentFailed(state, input.because, input.permanent);
      case 'quit':
        send(state, 'QUIT\r\n');
        return close(state);
      case 'closed':
        return this.#broke(
          input.error === undefined ? 'the server closed the connection' : `connection lost: ${input.error}`,
          'closed',
        );
      case 'timeout':
        if ((this.deadline ?? Infinity) <= state.now)
          this.#broke('the server did not answer in time', 'timeout');
        return;
    }
  }

  #takeBytes(bytes: Uint8Array): void {
    const state = this.#state;
    const { replies, broken } = this.#reader.push(bytes);
    state.waitingSince = state.now;
    for (const reply of replies) {
      if (state.closed) return;
      if (reply.code === 421 && state.open.length === 0) return hostFailed(state, reply);
      state.leaving ||= reply.code === 421;
      const next = state.expected.shift();
      if (next === undefined && state.sending !== undefined && reply.code >= 400) {
        return refusedInContent(state, state.sending, reply);
      }
      if (next === undefined) return fail(state, 'the server spoke out of turn', 'nonsense');
      next.reply(reply);
      const startsTls = state.outputs.at(-1)?.type === 'startTls';
      // Whatever came in clear after the 220 was not said inside TLS (TLS-h, CVE-2021-38371).
      if (startsTls && (this.#reader.pending || broken !== undefined || reply !== replies.at(-1))) {
        state.outputs.pop();
        return fail(state, IN_CLEAR, 'nonsense');
      }
    }
    if (broken !== undefined) {
      moreWasSaid(state);
      fail(state, broken, 'nonsense');
    }
    if (state.leaving && state.open.length === 0) close(state);
  }

  /** Half a reply is said as well, wherever the connection was cut. */
  #broke(diagnostic: string, because: FailureCause): void {
    if (this.#reader.pending) moreWasSaid(this.#state);
    fail(this.#state, diagnostic, because);
  }
}

function hello(state: DeliveryState): void {
  state.stage = 'hello';
  const verb = state.settings.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
  send(state, `${verb} ${state.settings.hostname}\r\n`);
  expect(state, 'command', (reply) => {
    if (reply.code === 250) {
      state.capabilities = parseCapabilities(reply.lines);
      afterHello(state);
    } else if (
      state.settings.protocol === 'smtp' &&
      reply.code >= 500 &&
      state.settings.tls === 'opportunistic'
    )
      oldHello(state);
    else hostFailed(state, reply);
  });
}

function oldHello(state: DeliveryState): void {
  send(state, `HELO ${state.settings.hostname}\r\n`);
  expect(state, 'command', (reply) => (reply.code === 250 ? ready(state) : hostFailed(state, reply)));
}

function afterHello(state: DeliveryState): void {
  const { tls } = state.settings;
  const wantsTls = state.tls === undefined && (tls === 'required' || tls === 'opportunistic');
  if (wantsTls && state.capabilities.has('STARTTLS')) return startTls(state);
  if (wantsTls && tls === 'required') {
    state.stage = 'startTls';
    return missing(state, 'the server offers no STARTTLS, and TLS is required');
  }
  authenticate(state);
}

function startTls(state: DeliveryState): void {
  state.stage = 'startTls';
  send(state, 'STARTTLS\r\n');
  expect(state, 'command', (reply) => {
    if (reply.code === 220) state.outputs.push({ type: 'startTls' });
    else if (state.settings.tls === 'required') hostFailed(state, reply);
    else authenticate(state);
  });
}

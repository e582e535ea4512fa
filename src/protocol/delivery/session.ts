// The client side of one connection as a machine of values: greeting → EHLO → STARTTLS → EHLO → AUTH → transactions. The replies are
// matched by counting alone (RFC 2920 section 3.1): each command sent puts what it expects into a list.
// Whatever fails before a transaction is the host's failure; within one it is the message's or a recipient's (DESIGN 3.14).

import { utf8 } from '../../base/bytes.ts';
import { encodeBase64 } from '../wire/base64.ts';
import type { TlsFacts } from '../session/ports.ts';
import { type Capabilities, parseCapabilities } from './commands.ts';
import type { DeliveryInput, DeliveryOutput, DeliverySession, DeliverySettings } from './ports.ts';
import { type RemoteReply, ReplyReader } from './reply-reader.ts';
import { beginTransaction, interrupted, refusedInContent, type Transaction } from './transaction.ts';

/** RFC 5321 section 4.5.3.2, in minutes. */
const MINUTE = 60_000;
const TIMEOUTS = { greeting: 5, command: 5, data: 2, content: 3, final: 10 } as const;
export type Wait = keyof typeof TIMEOUTS;

export interface Expectation {
  readonly wait: Wait;
  reply(reply: RemoteReply): void;
}

/** What the parts of the machine share. */
export interface DeliveryState {
  readonly settings: DeliverySettings;
  now: number;
  waitingSince: number;
  tls: TlsFacts | undefined;
  capabilities: Capabilities;
  authenticated: boolean;
  expected: Expectation[];
  transaction: Transaction | undefined;
  closed: boolean;
  outputs: DeliveryOutput[];
}

export function createDeliverySession(settings: DeliverySettings, nowMs: number): DeliverySession {
  const reader = new ReplyReader();
  const state: DeliveryState = {
    settings,
    now: nowMs,
    waitingSince: nowMs,
    tls: undefined,
    capabilities: new Map(),
    authenticated: false,
    expected: [],
    transaction: undefined,
    closed: false,
    outputs: [],
  };
  expect(state, 'greeting', (reply) => (reply.code === 220 ? hello(state) : hostFailed(state, reply)));

  function takeBytes(bytes: Uint8Array): void {
    const { replies, broken } = reader.push(bytes);
    state.waitingSince = state.now;
    for (const reply of replies) {
      if (state.closed) return;
      if (reply.code === 421 && state.transaction === undefined) return hostFailed(state, reply);
      const next = state.expected.shift();
      if (next === undefined && state.transaction?.sendingContent === true && reply.code >= 400) {
        return refusedInContent(state, state.transaction, reply);
      }
      if (next === undefined) return fail(state, 'the server spoke out of turn');
      next.reply(reply);
      const startsTls = state.outputs.at(-1)?.type === 'startTls';
      // Whatever came in clear behind the 220 was not said inside TLS (TLS-h, CVE-2021-38371).
      if (startsTls && (reader.pending || reply !== replies.at(-1))) {
        state.outputs.pop();
        return fail(state, 'the server sent octets in clear behind its reply to STARTTLS');
      }
    }
    if (broken !== undefined) fail(state, broken);
  }

  function take(input: DeliveryInput): void {
    switch (input.type) {
      case 'bytes':
        return takeBytes(input.bytes);
      case 'tls':
        state.tls = input.facts;
        state.waitingSince = state.now;
        if (settings.tls !== 'implicit') hello(state);
        return;
      case 'transaction':
        return beginTransaction(state, input.transaction);
      case 'contentProgress':
        state.waitingSince = state.now;
        return;
      case 'contentSent':
        state.waitingSince = state.now;
        return state.transaction?.contentSent();
      case 'contentFailed':
        if (state.transaction !== undefined)
          interrupted(state, state.transaction, input.because, input.permanent);
        return close(state);
      case 'quit':
        send(state, 'QUIT\r\n');
        return close(state);
      case 'closed':
        return fail(
          state,
          input.error === undefined ? 'the server closed the connection' : `connection lost: ${input.error}`,
        );
      case 'timeout':
        if (deadline() !== undefined && (deadline() ?? 0) <= state.now)
          fail(state, 'the server did not answer in time');
        return;
    }
  }

  function deadline(): number | undefined {
    if (state.closed) return undefined;
    const wait = state.transaction?.sendingContent === true ? 'content' : state.expected[0]?.wait;
    return wait === undefined ? undefined : state.waitingSince + TIMEOUTS[wait] * MINUTE;
  }

  return {
    receive(input, now) {
      state.now = now;
      if (!state.closed) take(input);
      const { outputs } = state;
      state.outputs = [];
      return outputs;
    },
    get deadline() {
      return deadline();
    },
    get tls() {
      return state.tls;
    },
    get closed() {
      return state.closed;
    },
  };
}

export function send(state: DeliveryState, command: string): void {
  state.waitingSince = state.now;
  state.outputs.push({ type: 'send', bytes: utf8(command) });
}

export function expect(state: DeliveryState, wait: Wait, reply: (reply: RemoteReply) => void): void {
  state.expected.push({ wait, reply });
}

export function close(state: DeliveryState): void {
  if (state.closed) return;
  state.closed = true;
  state.outputs.push({ type: 'close' });
}

/** The connection is of no use any more: a transaction under way is undecided, otherwise the host has failed. */
export function fail(state: DeliveryState, diagnostic: string): void {
  if (state.closed) return;
  if (state.transaction === undefined)
    state.outputs.push({ type: 'hostFailed', diagnostic, status: '4.4.2' });
  else interrupted(state, state.transaction, diagnostic);
  close(state);
}

function hostFailed(state: DeliveryState, reply: RemoteReply): void {
  state.outputs.push({ type: 'hostFailed', diagnostic: reply.text, status: `4${reply.status.slice(1)}` });
  if (reply.code !== 421) send(state, 'QUIT\r\n');
  close(state);
}

function hello(state: DeliveryState): void {
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
  if (wantsTls && tls === 'required')
    return fail(state, 'the server offers no STARTTLS, and TLS is required');
  authenticate(state);
}

function startTls(state: DeliveryState): void {
  send(state, 'STARTTLS\r\n');
  expect(state, 'command', (reply) => {
    if (reply.code === 220) state.outputs.push({ type: 'startTls' });
    else if (state.settings.tls === 'required') hostFailed(state, reply);
    else authenticate(state);
  });
}

function authenticate(state: DeliveryState): void {
  const { auth } = state.settings;
  if (auth === undefined) return ready(state);
  if (state.tls === undefined) return fail(state, 'credentials are never sent without TLS');
  const offered = (state.capabilities.get('AUTH') ?? '').toUpperCase().split(' ');
  if (offered.includes('PLAIN')) {
    send(state, `AUTH PLAIN ${encodeBase64(utf8(`\0${auth.user}\0${auth.password}`))}\r\n`);
    return expect(state, 'command', (reply) => authenticated(state, reply));
  }
  if (!offered.includes('LOGIN'))
    return fail(state, 'the server offers no AUTH mechanism that is known here (PLAIN, LOGIN)');
  send(state, 'AUTH LOGIN\r\n');
  expect(state, 'command', (prompt) => {
    if (prompt.code !== 334) return authenticated(state, prompt);
    send(state, `${encodeBase64(utf8(auth.user))}\r\n`);
    expect(state, 'command', (second) => {
      if (second.code !== 334) return authenticated(state, second);
      send(state, `${encodeBase64(utf8(auth.password))}\r\n`);
      expect(state, 'command', (reply) => authenticated(state, reply));
    });
  });
}

function authenticated(state: DeliveryState, reply: RemoteReply): void {
  if (reply.code !== 235) return hostFailed(state, reply);
  state.authenticated = true;
  ready(state);
}

function ready(state: DeliveryState): void {
  state.outputs.push({ type: 'ready' });
}

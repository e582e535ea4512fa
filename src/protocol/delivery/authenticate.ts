// AUTH as the client says it (RFC 4954): only inside TLS, the strongest known mechanism first. A mechanism that the server can't serve for this
// user (432, 504, 534) is followed by the next one; a password that was refused (535) is not tried again by weaker means.

import { utf8 } from '../../base/bytes.ts';
import { encodeBase64 } from '../wire/base64.ts';
import type { DeliveryCredentials } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import { hostFailed, missing } from './ending.ts';
import { type DeliveryState, expect, sendSecret } from './state.ts';

type Mechanism = (state: DeliveryState, user: string, password: string, done: Done) => void;
type Done = (reply: RemoteReply) => void;

/** Strongest first. */
const mechanisms: readonly (readonly [string, Mechanism])[] = [
  ['PLAIN', plain],
  ['LOGIN', login],
];

/** The server has the mechanism, but not now or not for this user (RFC 4954 section 6). */
const tryAnother: ReadonlySet<number> = new Set([432, 504, 534]);

export function authenticate(state: DeliveryState): void {
  const { auth } = state.settings;
  if (auth === undefined) return ready(state);
  state.stage = 'auth';
  if (state.tls === undefined) return missing(state, 'credentials are never sent without TLS');
  const offered = (state.capabilities.get('AUTH') ?? '').toUpperCase().split(' ');
  const usable = mechanisms.filter(([name]) => offered.includes(name));
  if (usable.length === 0)
    return missing(state, 'the server offers no AUTH mechanism that is known here (PLAIN, LOGIN)');
  attempt(state, auth, [auth.user, ...(auth.otherUsers ?? [])], usable);
}

function attempt(
  state: DeliveryState,
  auth: DeliveryCredentials,
  [user = '', ...otherUsers]: readonly string[],
  [mechanism, ...weaker]: readonly (readonly [string, Mechanism])[],
): void {
  mechanism?.[1](state, user, auth.password, (reply) => {
    if (reply.code === 235) {
      state.user = user;
      ready(state);
    } else if (reply.code === 535 && otherUsers.length > 0) attempt(state, auth, otherUsers, [mechanism]);
    else if (tryAnother.has(reply.code) && weaker.length > 0)
      attempt(state, auth, [user, ...otherUsers], weaker);
    else hostFailed(state, reply);
  });
}

function plain(state: DeliveryState, user: string, password: string, done: Done): void {
  say(state, `AUTH PLAIN ${encodeBase64(utf8(`\0${user}\0${password}`))}`, done);
}

function login(state: DeliveryState, user: string, password: string, done: Done): void {
  say(state, 'AUTH LOGIN', (prompt) => {
    if (prompt.code !== 334) return done(prompt);
    say(state, encodeBase64(utf8(user)), (second) => {
      if (second.code !== 334) return done(second);
      say(state, encodeBase64(utf8(password)), done);
    });
  });
}

function say(state: DeliveryState, line: string, done: Done): void {
  sendSecret(state, `${line}\r\n`);
  expect(state, 'command', done);
}

export function ready(state: DeliveryState): void {
  state.stage = 'session';
  state.outputs.push({ type: 'ready' });
}

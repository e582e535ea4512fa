// The commands around the mail transaction: greeting, help, reset, TLS, good-bye.

import { keepWire, type Reply } from '../wire/reply.ts';
import type { CommandLine } from './gate.ts';
import type { SessionSettings } from './ports.ts';
import {
  close,
  emit,
  endTransaction,
  offersDsn,
  refuse,
  send,
  sendNamed,
  type SessionState,
} from './state.ts';

const GREETING_NAME_MAX = 255;

/**
 * Any one word (5321-e), because the name decides nothing. It is kept for the record alone; in a trace field it
 * stands only if it is a domain or an address literal (`src/message/received.ts`, F-HDR-1). Octets beyond ASCII arrive here as `\\xFC`.
 */
function isGreetingName(name: string): boolean {
  return name.length <= GREETING_NAME_MAX && /^[\x21-\x7e]+$/.test(name);
}

export function ehlo(state: SessionState, { argument }: CommandLine): void {
  if (!isGreetingName(argument)) return refuse(state, 'EHLO', 'badArgument', 'greeting name');
  endTransaction(state, 'EHLO');
  state.ehlo = { name: argument, extended: true };
  send(state, announcement(state));
}

export function helo(state: SessionState, { argument }: CommandLine): void {
  if (!isGreetingName(argument)) return refuse(state, 'HELO', 'badArgument', 'greeting name');
  endTransaction(state, 'HELO');
  state.ehlo = { name: argument, extended: false };
  sendNamed(state, 'heloOk');
}

/** Cached: sessions with the same settings get the same answer at the same stage. */
const announcements = new WeakMap<SessionSettings, Reply[]>();

function announcement(state: SessionState): Reply {
  const { settings, tls, login } = state;
  const stage = (tls === undefined ? 0 : 1) + (login === undefined ? 0 : 2);
  let atStages = announcements.get(settings);
  if (atStages === undefined) announcements.set(settings, (atStages = []));
  return (atStages[stage] ??= keepWire({
    code: 250,
    lines: [settings.hostname, ...keywords(state)],
  }));
}

/** What EHLO announces; a new extension is announced here and carried out in its command. */
function keywords({ settings, tls, login }: SessionState): readonly string[] {
  const canAuthenticate = settings.role === 'submission' && tls !== undefined && login === undefined;
  return [
    'PIPELINING',
    `SIZE ${settings.messageOctetsMax}`,
    ...(settings.tls === 'starttls' && tls === undefined ? ['STARTTLS'] : []),
    ...(canAuthenticate ? [`AUTH ${settings.mechanisms.map(({ name }) => name).join(' ')}`] : []),
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    ...(offersDsn(settings) ? ['DSN'] : []),
    'CHUNKING',
    'SMTPUTF8',
    `LIMITS RCPTMAX=${settings.recipientsMax}`,
    'HELP',
  ];
}

export function noop(state: SessionState): void {
  sendNamed(state, 'ok');
}

export function rset(state: SessionState, { argument }: CommandLine): void {
  if (argument !== '') return refuse(state, 'RSET', 'badArgument', 'RSET takes no argument');
  endTransaction(state, 'RSET');
  sendNamed(state, 'ok');
}

export function help(state: SessionState): void {
  sendNamed(state, 'help');
}

/** Says nothing about mailboxes (5321-ab, F-AUTH-4). */
export function verify(state: SessionState, { argument }: CommandLine): void {
  if (argument === '') return refuse(state, 'VRFY', 'badArgument', 'VRFY without argument');
  sendNamed(state, 'vrfyCannot');
}

export function quit(state: SessionState, { argument }: CommandLine): void {
  if (argument !== '') return refuse(state, 'QUIT', 'badArgument', 'QUIT takes no argument');
  sendNamed(state, 'bye');
  close(state, 'quit');
}

export function startTls(state: SessionState, { argument }: CommandLine): void {
  const { settings, tls, transaction } = state;
  if (tls !== undefined) return refuse(state, 'STARTTLS', 'tlsAlready', 'TLS stands already');
  if (settings.tls !== 'starttls')
    return refuse(state, 'STARTTLS', 'notImplemented', 'no TLS on this listener');
  if (argument !== '') return refuse(state, 'STARTTLS', 'badArgument', 'STARTTLS takes no argument');
  if (transaction !== undefined) return refuse(state, 'STARTTLS', 'badSequence', 'in a transaction');
  sendNamed(state, 'readyForTls');
  state.phase = 'handshake';
  emit(state, { type: 'startTls' });
}

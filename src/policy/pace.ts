// What a reply or a failure says about its connection or host, and the pace that follows: how long a host that takes nothing is left
// alone, how many connections it takes at once, how many messages over one. Pure: times are of a clock that never steps, ms.

import type { RecipientResult } from '../protocol/delivery/ports.ts';

/** How long a host is left alone after each failure in a row. The first pauses are short: most outages are restarts. */
const PAUSES_MS = [5, 10, 30, 60, 120, 300, 600, 900].map((seconds) => seconds * 1000);
/** A learned limit on connections is raised by one after this time. */
const ONE_MORE_CONNECTION_MS = 600_000;
/** A learned limit on messages of a connection doubles after this time, until there is none. */
const TWICE_THE_MESSAGES_MS = 3_600_000;

/** What is known of a host. */
export interface Pace {
  /** Failures in a row. 0: the host took the last connection. */
  readonly failures: number;
  readonly failedAt: number;
  readonly downUntil: number;
  readonly messages?: Learned;
}

/** A limit learned from refusals. */
export interface Learned {
  readonly limit: number;
  readonly at: number;
}

export const freshPace: Pace = { failures: 0, failedAt: -Infinity, downUntil: 0 };

/** One outage is one failure, whatever was under way: an attempt counts only if it began after the last failure was known. */
export function afterFailure(
  pace: Pace,
  o: { readonly now: number; readonly begunAt: number; readonly longestMs: number },
): Pace {
  if (o.begunAt <= pace.failedAt) return pace;
  const failures = pace.failures + 1;
  const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0;
  return { ...pace, failures, failedAt: o.now, downUntil: o.now + Math.min(o.longestMs, pause) };
}

/** The host took a connection: waiting mail may come. */
export function afterOpening(pace: Pace): Pace {
  return pace.failures === 0 ? pace : { ...pace, failures: 0, downUntil: 0 };
}

/** A further connection was refused while so many others stood, or were being made. */
export function afterCrowding(now: number, open: number): Learned {
  return { limit: Math.max(1, open), at: now };
}

/** A connection refused more after so many messages, and a fresh one took them. */
export function afterUse(pace: Pace, now: number, messages: number): Pace {
  return { ...pace, messages: { limit: Math.max(1, messages), at: now } };
}

/** Connections that it takes at once, at most `most`. */
export function connectionsOf(learned: Learned | undefined, now: number, most: number): number {
  if (learned === undefined) return most;
  return Math.min(most, learned.limit + Math.floor((now - learned.at) / ONE_MORE_CONNECTION_MS));
}

/** Messages that it takes over one connection, at most `most`. */
export function messagesOf({ messages }: Pace, now: number, most: number): number {
  if (messages === undefined) return most;
  return Math.min(most, messages.limit * 2 ** Math.floor((now - messages.at) / TWICE_THE_MESSAGES_MS));
}

/**
 * Does this reply, on a connection that has carried mail, say that the connection is used up? MAIL and DATA name no recipient, and a 4yz to them is often
 * a limit on messages that a fresh connection does not have. Only the try over a fresh one tells.
 */
export function isOfConnection(result: RecipientResult): boolean {
  if (result.type === 'undecided') return !result.permanent && result.status === '4.4.2';
  if (result.type !== 'refused' || result.permanent) return false;
  const { command, reply } = result;
  return command === 'MAIL' || command === 'DATA' || (command === 'RCPT' && reply.code === 421);
}

/** A farewell; after a pause it may be due to the pause. */
export function isFarewell(result: RecipientResult): boolean {
  return result.type === 'refused' && result.command === 'MAIL' && result.reply.code === 421;
}

// Tries what servers were talked into taking for the end of a message (requirements F-SMUG-1), each on a connection of its own, with a command after
// it. A server that takes it for the end executes that command: more than one reply comes.
//
// Nearly nothing is left behind: each message goes from the login to itself, looks as if it went round in a loop (RFC 5321 section 6.3), so that it
// is refused wherever its end is seen, and the command after it is NOOP. A server that takes such a message gets no further one with an end.

import { formatDate } from '../message/date.ts';
import { type Answer, codeOf, isPositive, told } from './answer.ts';
import type { Conversation } from './conversation.ts';
import type { Visit } from './visit.ts';

export interface Ending {
  readonly name: string;
  readonly octets: string;
}

export const endings: readonly Ending[] = [
  { name: '<LF>.<LF>', octets: '\n.\n' },
  { name: '<LF>.<CRLF>', octets: '\n.\r\n' },
  { name: '<CRLF>.<LF>', octets: '\r\n.\n' },
  { name: '<CR>.<CR>', octets: '\r.\r' },
  { name: '<CR>.<CRLF>', octets: '\r.\r\n' },
  { name: '<CRLF>.<CR>', octets: '\r\n.\r' },
  { name: '<CRLF><NUL>.<CRLF>', octets: '\r\n\0.\r\n' },
  { name: '<CRLF>.<SP><CRLF>', octets: '\r\n. \r\n' },
  { name: '<CRLF>.<CR><CRLF>', octets: '\r\n.\r\r\n' },
  { name: '<CR><CRLF>.<CR><CRLF>', octets: '\r\r\n.\r\r\n' },
];

export interface SmugglingTrial {
  readonly ending: Ending;
  /** The reply to the message. Undefined: none came, and its true end was not sent (`held`), or `because` says why. */
  readonly reply?: Answer;
  readonly held?: true;
  readonly because?: string;
  /** The reply to the command in it. */
  readonly executed?: Answer;
}

/** More than any server allows (section 6.3: at least 100 are taken for no loop). */
const RECEIVED_FIELDS = 120;
/** Replies to three lines at most, and to QUIT. */
const ANSWERS_MAX = 10;
/** Time for a reply that must not come, at least; longer if the server is slow. */
const LISTEN_MS = 500;

/** `problem`: why not all were tried. */
export async function trySmuggling(
  visit: Visit,
  own: string,
): Promise<{ readonly tried: readonly SmugglingTrial[]; readonly problem?: string }> {
  const tried: SmugglingTrial[] = [];
  let listenMs: number | undefined;
  for (const ending of endings) {
    const opened = await visit.open('authenticated', `a command after ${ending.name} in a message`);
    if (!opened.ok) return { tried, problem: opened.error };
    const { conversation } = opened.value;
    const problem = await begin(conversation, own);
    if (problem === undefined) {
      const begun = conversation.elapsed;
      const trial = await tryEnding(conversation, ending, { own, date: visit.target.now, listenMs });
      tried.push(trial);
      // The server takes such messages: the other endings are sent without a true end.
      if (trial.reply !== undefined && isPositive(trial.reply))
        listenMs ??= LISTEN_MS + 2 * (conversation.elapsed - begun);
    }
    conversation.drop();
    if (problem !== undefined) return { tried, problem };
  }
  return { tried };
}

async function begin(conversation: Conversation, own: string): Promise<string | undefined> {
  for (const command of [`MAIL FROM:<${own}>`, `RCPT TO:<${own}>`]) {
    const answer = await conversation.say(command);
    if (!isPositive(answer)) return `${command}: ${told(answer)}`;
  }
  const data = await conversation.say('DATA');
  return codeOf(data) === 354 ? undefined : `DATA: ${told(data)}`;
}

interface How {
  readonly own: string;
  /** Of the message, ms since the epoch. */
  readonly date: number;
  /** How long a reply is waited for if the true end is not sent; undefined: it is. */
  readonly listenMs: number | undefined;
}

async function tryEnding(
  conversation: Conversation,
  ending: Ending,
  { own, date, listenMs }: How,
): Promise<SmugglingTrial> {
  const isEnded = listenMs === undefined;
  conversation.raw(
    `${headerOf(own, date)}\r\na line${ending.octets}NOOP\r\n${isEnded ? '.\r\n' : ''}`,
    `(a message with ${ending.name} in it and NOOP after that${isEnded ? ', then its true end' : ''})`,
  );
  const reply = await conversation.next(listenMs);
  if (!isEnded && reply.type === 'silent') return { ending, held: true };
  if (reply.type !== 'reply') return { ending, because: told(reply) };
  // Its reply comes after all others.
  conversation.raw('QUIT\r\n');
  const executed = (await untilQuit(conversation, listenMs)).find((answer) => answer.type === 'reply');
  return executed === undefined ? { ending, reply } : { ending, reply, executed };
}

/** What was said before the reply to QUIT, or before the server closed by itself. */
async function untilQuit(conversation: Conversation, waitMs?: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < ANSWERS_MAX) {
    const answer = await conversation.next(waitMs);
    if (answer.type !== 'reply' || [221, 421].includes(codeOf(answer))) break;
    answers.push(answer);
  }
  return answers;
}

function headerOf(own: string, now: number): string {
  const date = formatDate(now);
  const trace = `Received: from postern-probe.invalid by postern-probe.invalid; ${date}\r\n`;
  return `${trace.repeat(RECEIVED_FIELDS)}From: <${own}>\r\nTo: <${own}>\r\nSubject: postern probe\r\nDate: ${date}\r\n`;
}

// One marked message through the server to a mailbox that whoever runs the probe may read, and what became of it there: the only way to see what a
// server writes into messages. Sent once for a run, however many checks look at it.

import { SECOND } from '../base/duration.ts';
import type { Clock } from '../platform/platform.ts';
import { codeOf, isPositive, told } from './answer.ts';
import type { HostView, Outcome } from './checks/check.ts';
import { type DeliveredMessage, readDelivered } from './delivered-message.ts';
import type { LoopBackWish, Target } from './target.ts';
import type { Session } from './opening.ts';
import type { Visit } from './visit.ts';

export const LOOP_BACK_WAIT_MS = 30 * SECOND;
const POLL_MS = 500;

export interface LoopBack extends DeliveredMessage {
  /** What the server calls itself where it was sent. */
  readonly serverName: string;
}

/** The outcome says why there is no message to look at. */
export type LoopBackAnswer =
  | { readonly type: 'delivered'; readonly message: LoopBack }
  | { readonly type: 'none'; readonly outcome: Outcome };

export interface LoopBackTools {
  readonly clock: Clock;
  /** Milliseconds left, at most as many as are asked for. */
  step(wantedMs: number): number;
}

const skip = (seen: string): LoopBackAnswer => ({ type: 'none', outcome: { verdict: 'skip', seen } });
const unknown = (seen: string): LoopBackAnswer => ({ type: 'none', outcome: { verdict: 'unknown', seen } });

/** By the first of the ports that lets the login in. */
export async function loopBack(
  target: Target,
  visits: readonly Visit[],
  tools: LoopBackTools,
): Promise<LoopBackAnswer> {
  const { login, loopBack: wish } = target;
  if (wish === undefined) return skip('no mailbox was named (--loop-back)');
  if (login === undefined) return skip('no credentials were given (--login)');
  let problem = 'no submission port was reached';
  for (const visit of visits.filter(({ port }) => port.kind !== 'mx')) {
    const opened = await visit.open('authenticated', 'a message to look at');
    if (!opened.ok) {
      problem = opened.error;
      continue;
    }
    const sent = await send(opened.value, wish, login.user);
    await opened.value.conversation.quit();
    if (typeof sent === 'string') return unknown(sent);
    return await lookFor(wish, sent, tools);
  }
  return unknown(`not sent: ${problem}`);
}

interface Sent {
  readonly serverName: string;
  readonly reply: string;
}

/** A string: why it was not taken. */
async function send(
  { conversation, hello }: Session,
  { to, mark }: LoopBackWish,
  user: string,
): Promise<Sent | string> {
  const from = user.includes('@') ? user : to;
  for (const command of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
    const answer = await conversation.say(command);
    if (!isPositive(answer) && codeOf(answer) !== 354) return `not sent: ${command}: ${told(answer)}`;
  }
  const lines = bodyOf(mark).map((line) => (line.startsWith('.') ? `.${line}` : line));
  const header = [`From: <${from}>`, `To: <${to}>`, `Subject: ${subjectOf(mark)}`, ''];
  const content = [...header, ...lines, '.'].join('\r\n');
  const answer = await conversation.say(content, `(a message with the mark ${mark}, and its end)`);
  if (!isPositive(answer)) return `not sent: at the end of the message: ${told(answer)}`;
  const serverName = hello?.reply.lines[0]?.split(' ')[0] ?? '';
  return { serverName, reply: told(answer) };
}

async function lookFor(
  { to, mark, find, waitMs = LOOP_BACK_WAIT_MS }: LoopBackWish,
  { serverName, reply }: Sent,
  { clock, step }: LoopBackTools,
): Promise<LoopBackAnswer> {
  const taken = `it was taken (${reply})`;
  const byHand = `the message with the subject "${subjectOf(mark)}"`;
  if (find === undefined)
    return unknown(
      `${taken}; look at ${byHand} in the mailbox of ${to}, or say where it is delivered (--loop-back-mail)`,
    );
  const deadline = clock.monotonic() + step(waitMs);
  try {
    for (let isThere = false; isThere || clock.monotonic() < deadline;) {
      const bytes = await find(mark);
      const message = isThere && bytes !== undefined ? readDelivered(bytes) : undefined;
      if (message !== undefined) return { type: 'delivered', message: { ...message, serverName } };
      // Its writer may not be done: the message is read when it is seen a second time.
      isThere = bytes !== undefined && !isThere;
      await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    }
  } catch (error) {
    return unknown(`${taken}, but can not be looked for: ${String(error)}`);
  }
  return unknown(`${taken}, but ${byHand} did not come within ${waitMs / SECOND} s`);
}

export function subjectOf(mark: string): string {
  return `postern probe ${mark}`;
}

/** Lines on which servers stumble: dots at the begin (RFC 5321 section 4.5.2), blanks at the end, an empty one, a long one. */
export function bodyOf(mark: string): readonly string[] {
  return [
    'A message by which postern probe sees what a server writes into messages.',
    ...['.', '..', '.a line with a dot', 'blanks and a tab after it  \t', '', 'x'.repeat(900)],
    `the end of ${mark}`,
  ];
}

/** For checks: what they say of the message. Why there is none is told once, by `trace-received`. */
export async function judgeLoopBack(view: HostView, judge: (message: LoopBack) => Outcome): Promise<Outcome> {
  const answer = await view.loopBack();
  if (answer.type === 'delivered') return judge(answer.message);
  return answer.outcome.verdict === 'skip'
    ? answer.outcome
    : { verdict: 'skip', seen: 'there is no message to look at: see trace-received' };
}

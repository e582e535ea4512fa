// Tries the relay spellings on a port, a few recipients a connection, so that a server's limit of errors does not answer in its place.
// Stops at RCPT.

import { type Answer, codeOf, isPositive } from './answer.ts';
import { type RelaySpelling, relaySpellings } from './relay-spellings.ts';
import type { Phase, Session } from './opening.ts';
import type { Visit } from './visit.ts';

export interface RelayTrial {
  readonly spelling: RelaySpelling;
  readonly answer: Answer;
}

const PER_CONNECTION = 8;
/** A server that hangs up at each of them is not asked for ever. */
const CONNECTIONS_MAX = 8;

export async function tryRelaying(
  visit: Visit,
  phase: Phase,
  sender: string,
): Promise<{ readonly tried: readonly RelayTrial[]; readonly problem?: string }> {
  const waiting = [...relaySpellings(visit.target)];
  const tried: RelayTrial[] = [];
  for (let connections = 0; connections < CONNECTIONS_MAX && waiting.length > 0; connections++) {
    const opened = await visit.open(phase, `relay spellings ${connections + 1}`);
    if (!opened.ok) return { tried, problem: opened.error };
    const problem = await tryOn(opened.value, sender, waiting, tried);
    await opened.value.conversation.quit();
    if (problem !== undefined) return { tried, problem };
  }
  return waiting.length === 0
    ? { tried }
    : { tried, problem: `the server hangs up again and again: ${waiting.length} spellings were not tried` };
}

async function tryOn(
  { conversation }: Session,
  sender: string,
  waiting: RelaySpelling[],
  tried: RelayTrial[],
): Promise<string | undefined> {
  const mail = await conversation.say(`MAIL FROM:<${sender}>`);
  if (!isPositive(mail)) return `MAIL was taken before and is refused now`;
  for (let count = 0; count < PER_CONNECTION && waiting.length > 0; count++) {
    const [spelling] = waiting;
    if (spelling === undefined) return undefined;
    const answer = await conversation.say(`RCPT ${spelling.argument}`);
    // 421 and a cut are about the connection: the spelling gets another try, unless it is the one that always cuts.
    if (count > 0 && (codeOf(answer) === 421 || codeOf(answer) === 0)) return undefined;
    waiting.shift();
    tried.push({ spelling, answer });
    if (conversation.isOver) return undefined;
  }
  return undefined;
}

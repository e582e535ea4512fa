// The result of the relay spellings on a port where strangers get as far as RCPT. If our own server takes an odd local part of its own domain, it
// hands the mail to a mailer that may route by it. For other servers that is no proof, if they take any local part.

import { isPositive, isPutOff, told } from '../answer.ts';
import { tryRelaying } from '../relay-trial.ts';
import { printable } from '../transcript.ts';
import type { Phase } from '../opening.ts';
import type { Visit } from '../visit.ts';
import { fail, note, type Outcome, pass, putOff, unknown } from './check.ts';

export async function spellingsOutcome(visit: Visit, phase: Phase, sender: string): Promise<Outcome> {
  const { tried, problem } = await tryRelaying(visit, phase, sender);
  const taken = tried.filter(({ answer }) => isPositive(answer));
  const [first] = taken.toSorted(
    (one, other) => Number(one.spelling.isLocalForm) - Number(other.spelling.isLocalForm),
  );
  if (first === undefined) {
    const later = tried.filter(({ answer }) => isPutOff(answer));
    const [waits] = later;
    if (waits !== undefined)
      return unknown(putOff(`${later.length} of ${tried.length} spellings, e.g. ${told(waits.answer)}`));
    return problem === undefined ? pass(`${tried.length} spellings are refused`) : unknown(problem);
  }
  const seen = `${taken.length} of ${tried.length} spellings are taken, e.g. ${first.spelling.name}: RCPT ${printable(first.spelling.argument)}: ${told(first.answer)}`;
  const isUnsure =
    first.spelling.isLocalForm && visit.target.atHome !== true && (await takesAnybody(visit, phase, sender));
  return isUnsure
    ? note(`${seen}; but every local part of its own domain is taken, so that this is no proof of relaying`)
    : fail(seen);
}

/** A server that takes every local part of its own domain takes an odd one too. */
async function takesAnybody(visit: Visit, phase: Phase, sender: string): Promise<boolean> {
  const opened = await visit.open(phase, 'a local part that nobody has');
  if (!opened.ok) return false;
  const { conversation } = opened.value;
  await conversation.say(`MAIL FROM:<${sender}>`);
  const answer = await conversation.say(`RCPT TO:<postern-probe-nobody@${visit.target.domain}>`);
  await conversation.say('RSET');
  await conversation.quit();
  return isPositive(answer);
}

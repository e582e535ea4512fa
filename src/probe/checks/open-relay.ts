// RFC 5068 section 3.2: no relaying without a login, in whatever spelling.

import { isPositive, isPutOff, isRefused, told } from '../answer.ts';
import { tryRelaying } from '../relay-trial.ts';
import { strangers, type Trial } from '../stranger.ts';
import { printable } from '../transcript.ts';
import type { Visit } from '../visit.ts';
import { fail, judgeRefusal, note, pass, type PortCheck, putOff, SUBMISSION, unknown } from './check.ts';

export const openRelay: PortCheck = {
  id: 'open-relay',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5068 section 3.2', on: SUBMISSION },
  requirements: [
    ...['BCP134-3.2-e', 'BCP134-4.1-d', 'F-REL-1', 'F-REL-2', 'F-REL-3', 'F-REL-5', 'F-REL-6', 'F-REL-7'],
    ...['F-REL-8', 'F-REL-9', 'F-REL-10', 'F-REL-11', 'F-REL-12'],
  ],
  title: 'No spelling of a recipient is relayed without a login',
  why: 'Servers that compare addresses before they understand them can be talked into relaying.',
  mend: {
    postfix: 'allow_percent_hack = no, swap_bangpath = no, allow_untrusted_routing = no',
    exim: 'acl_smtp_rcpt: deny local_parts = ^.*[@%!/|]',
  },
  guardsTheDoor: true,
  async run(visit) {
    const { trials, problem } = await strangers(visit);
    const [one] = trials;
    if (one === undefined) return unknown(problem ?? 'not answered');
    const way = trials.find(({ mail }) => isPositive(mail));
    if (way === undefined) {
      const { mail } = trials.find((trial) => !isRefused(trial.mail)) ?? one;
      return judgeRefusal(mail, `MAIL itself: ${told(mail)}`);
    }
    const { tried, problem: trouble } = await tryRelaying(visit, way.phase, way.sender);
    const taken = tried.filter(({ answer }) => isPositive(answer));
    const [first] = taken.toSorted(
      (one, other) => Number(one.spelling.isLocalForm) - Number(other.spelling.isLocalForm),
    );
    if (first !== undefined) {
      const seen = `${taken.length} of ${tried.length} spellings are taken, e.g. ${first.spelling.name}: RCPT ${printable(first.spelling.argument)}: ${told(first.answer)}`;
      return first.spelling.isLocalForm && (await takesAnybody(visit, way))
        ? note(
            `${seen}; but every local part of its own domain is taken, so that this is no proof of relaying`,
          )
        : fail(seen);
    }
    const later = tried.filter(({ answer }) => isPutOff(answer));
    const [waits] = later;
    if (waits !== undefined)
      return unknown(putOff(`${later.length} of ${tried.length} spellings, e.g. ${told(waits.answer)}`));
    return trouble === undefined ? pass(`${tried.length} spellings are refused`) : unknown(trouble);
  },
};

/** Whoever takes each local part of its own domain takes an odd one too. */
async function takesAnybody(visit: Visit, { phase, sender }: Trial): Promise<boolean> {
  const opened = await visit.open(phase, 'a local part that nobody has');
  if (!opened.ok) return false;
  const { conversation } = opened.value;
  await conversation.say(`MAIL FROM:<${sender}>`);
  const answer = await conversation.say(`RCPT TO:<postern-probe-nobody@${visit.target.domain}>`);
  await conversation.say('RSET');
  await conversation.quit();
  return isPositive(answer);
}

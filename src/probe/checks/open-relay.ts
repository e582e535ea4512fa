// RFC 5068 section 3.2: no relaying without a login, in whatever spelling.

import { isPositive, isRefused, told } from '../answer.ts';
import { strangers } from '../stranger.ts';
import { judgeRefusal, type PortCheck, SUBMISSION, unknown } from './check.ts';
import { spellingsOutcome } from './spellings-outcome.ts';

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
    return spellingsOutcome(visit, way.phase, way.sender);
  },
};

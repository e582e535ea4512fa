// RFC 4954 section 4, RFC 5321 section 7.3: VRFY and EXPN tell strangers nothing.

import { codeOf, isPutOff, told } from '../answer.ts';
import { fail, pass, type PortCheck, putOff, SUBMISSION, unknown } from './check.ts';

export const noEnumeration: PortCheck = {
  id: 'no-enumeration',
  ...{ role: 'msa', level: 'SHOULD NOT', source: 'RFC 5321 section 7.3, RFC 4954 section 4', on: SUBMISSION },
  requirements: ['F-AUTH-4', 'AUTH-aa', '5321-ab'],
  title: 'VRFY and EXPN do not show who exists',
  why: 'Lists of valid addresses are what guessers and spammers begin with.',
  mend: { postfix: 'disable_vrfy_command = yes', exim: 'no acl_smtp_vrfy, no acl_smtp_expn' },
  async run(visit) {
    const opened = await visit.open('deepest', 'VRFY and EXPN');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const [there, nowhere] = [visit.target.localRecipient, `postern-probe-nobody@${visit.target.domain}`];
    const known = await conversation.say(`VRFY ${there}`);
    const stranger = await conversation.say(`VRFY ${nowhere}`);
    const list = await conversation.say(`EXPN ${there}`);
    await conversation.quit();
    const seen = `VRFY ${there}: ${told(known)} · VRFY ${nowhere}: ${told(stranger)} · EXPN: ${told(list)}`;
    if (codeOf(known) === 0) return unknown(seen);
    const isUncertain = [known, stranger, list].some(isPutOff);
    if (isUncertain && ![known, list].some((answer) => codeOf(answer) === 250)) return unknown(putOff(seen));
    const tells = codeOf(known) !== codeOf(stranger) || codeOf(known) === 250 || codeOf(list) === 250;
    return tells ? fail(seen) : pass(seen);
  },
};

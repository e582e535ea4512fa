// RFC 5068 section 3.1: authentication means an identity. SASL ANONYMOUS is none.

import { codeOf, told } from '../answer.ts';
import { mechanismsOf } from '../mechanisms.ts';
import { fail, judgeRefusal, type PortCheck, SUBMISSION, unknown } from './check.ts';

export const authAnonymous: PortCheck = {
  id: 'auth-anonymous',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5068 section 3.1, RFC 4505', on: SUBMISSION },
  requirements: ['BCP134-3.1-d', 'BCP134-3.1-f', 'BCP134-5-a'],
  title: 'Nobody gets in by SASL ANONYMOUS',
  why: 'A login that anybody has leads to nobody.',
  mend: {
    postfix: 'smtpd_sasl_security_options = noanonymous',
    exim: 'remove the authenticator with public_name = ANONYMOUS',
    dovecot: 'auth_mechanisms without anonymous',
  },
  guardsTheDoor: true,
  async run(visit) {
    const listed = [visit.found.clear, visit.found.inside].some(
      (hello) => typeof hello === 'object' && mechanismsOf(hello.capabilities).includes('ANONYMOUS'),
    );
    const opened = await visit.open('deepest', 'AUTH ANONYMOUS');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const answer = await conversation.say('AUTH ANONYMOUS cG9zdGVybi1wcm9iZQ==');
    await conversation.quit();
    if (codeOf(answer) === 235) return fail(`AUTH ANONYMOUS: ${told(answer)}`);
    if (listed) return fail(`EHLO lists ANONYMOUS; tried: ${told(answer)}`);
    return judgeRefusal(answer, told(answer));
  },
};

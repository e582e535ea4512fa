// RFC 6409 section 4.3: the refusal comes at MAIL, with 530.

import { codeOf, isPositive, isPutOff, isRefused, told } from '../answer.ts';
import { strangers } from '../stranger.ts';
import { fail, note, pass, type PortCheck, putOff, SUBMISSION, unknown } from './check.ts';

export const auth530: PortCheck = {
  id: 'auth-530',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 6409 section 4.3, RFC 4954 section 6', on: SUBMISSION },
  requirements: ['6409-4.3-a', '6409-4.3-b', 'AUTH-aa'],
  title: 'MAIL without a login is answered by 530',
  why: 'The code tells a client that a login is missing, not that the message is bad.',
  mend: {
    postfix:
      'smtpd_delay_reject = no with smtpd_client_restrictions = permit_sasl_authenticated,reject (a refusal at RCPT is as safe)',
    exim: 'acl_smtp_mail: deny !authenticated = * message = 530 Authentication required',
  },
  async run(visit) {
    const { trials, problem } = await strangers(visit);
    const trial = trials.find(({ phase }) => phase === 'inside') ?? trials[0];
    if (trial === undefined) return unknown(problem ?? 'not answered');
    const { mail, remote } = trial;
    if (codeOf(mail) === 0) return unknown(told(mail));
    if (codeOf(mail) === 530) return pass(told(mail));
    if (isPutOff(mail) || (isPositive(mail) && remote !== undefined && isPutOff(remote)))
      return unknown(putOff(told(remote ?? mail)));
    if (isRefused(mail)) return note(`refused, though not with 530: ${told(mail)}`);
    // A refusal at RCPT also stops a stranger: the purpose is met, the letter is not.
    return remote !== undefined && isRefused(remote)
      ? note(`refused at RCPT, not at MAIL: ${told(remote)}`)
      : fail(`MAIL: ${told(mail)}`);
  },
};

// RFC 5068 section 3.1: a login is checked, not only asked for.

import { codeOf, told } from '../answer.ts';
import { tryStrangeLogin } from '../strange-login.ts';
import { fail, judgeRefusal, type PortCheck, SUBMISSION, unknown } from './check.ts';

export const authChecked: PortCheck = {
  id: 'auth-checked',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 5068 section 3.1, RFC 4954 section 4', on: SUBMISSION },
  requirements: ['BCP134-3.1-d', 'BCP134-3.1-f', 'AUTH-o'],
  title: 'A login that nobody has is refused',
  why: 'A server that takes any name and password is an open relay with one more step, and its trace names whom the sender likes.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'smtpd_sasl_type and smtpd_sasl_path must lead to a service that checks passwords',
    exim: 'server_condition of each authenticator must compare the password ($auth3 for PLAIN, $auth2 for LOGIN)',
    dovecot: 'no passdb with nopassword=yes for submission',
  },
  leavesTraces: true,
  async run(visit) {
    const tried = await tryStrangeLogin(visit);
    if (!tried.ok) return unknown(tried.error);
    if (codeOf(tried.value) === 235) return fail(`a login that nobody has is taken: ${told(tried.value)}`);
    return judgeRefusal(tried.value, told(tried.value));
  },
};

// RFC 4954 section 6: a login that fails is answered by 535, and says no more.

import { codeOf, isRefused, told } from '../answer.ts';
import { tryStrangeLogin } from '../strange-login.ts';
import { fail, judgeRefusal, note, pass, type PortCheck, skip, SUBMISSION, unknown } from './check.ts';

export const authFailure: PortCheck = {
  id: 'auth-failure',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 4954 section 6', on: SUBMISSION },
  requirements: ['AUTH-o', 'F-AUTH-2'],
  title: 'A login that fails is answered by 535 and nothing about the account',
  why: 'Clients ask for the password again at 535; words about the account tell guessers which ones exist.',
  mend: {},
  leavesTraces: true,
  async run(visit) {
    const tried = await tryStrangeLogin(visit);
    if (!tried.ok) return unknown(tried.error);
    const answer = tried.value;
    if (codeOf(answer) === 235) return skip('it is taken: see auth-checked');
    if (/unknown user|no such user|user not found|does not exist/i.test(told(answer)))
      return fail(`it says that the account does not exist: ${told(answer)}`);
    if (codeOf(answer) === 535) return pass(told(answer));
    return isRefused(answer)
      ? note(`refused, though not with 535: ${told(answer)}`)
      : judgeRefusal(answer, told(answer));
  },
};

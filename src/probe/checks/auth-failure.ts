// RFC 4954 section 6: a login that fails is answered by 535, and says no more.

import { codeOf, told } from '../answer.ts';
import { DUMMY } from './auth-in-clear.ts';
import { fail, note, pass, type PortCheck, SUBMISSION, unknown } from './check.ts';

export const authFailure: PortCheck = {
  id: 'auth-failure',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 4954 section 6', on: SUBMISSION },
  requirements: ['AUTH-o', 'F-AUTH-2'],
  title: 'A login that fails is answered by 535 and nothing about the account',
  why: 'Clients ask for the password again at 535; words about the account tell guessers which ones exist.',
  mend: {},
  leavesTraces: true,
  async run(visit) {
    const opened = await visit.open('inside', 'a login that does not exist');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const answer = await conversation.say(`AUTH PLAIN ${DUMMY}`, 'AUTH PLAIN (dummy)');
    await conversation.quit();
    if (codeOf(answer) === 235) return fail(`a login that nobody has is taken: ${told(answer)}`);
    if (/unknown user|no such user|user not found|does not exist/i.test(told(answer)))
      return fail(`it says that the account does not exist: ${told(answer)}`);
    if (codeOf(answer) === 535) return pass(told(answer));
    return codeOf(answer) === 0
      ? unknown(told(answer))
      : note(`refused, though not with 535: ${told(answer)}`);
  },
};

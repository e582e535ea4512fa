// RFC 4954 section 4: a cancelled exchange, bad base64 and an unknown mechanism are answered as such.

import { codeOf, isPutOff, told } from '../answer.ts';
import { fail, note, pass, type PortCheck, putOff, SUBMISSION, unknown } from './check.ts';

export const authSyntax: PortCheck = {
  id: 'auth-syntax',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 4954 section 4', on: SUBMISSION },
  requirements: ['AUTH-e', 'AUTH-f', 'AUTH-g', 'AUTH-h', 'AUTH-k'],
  title: 'AUTH that is cancelled or can not be decoded is refused, and never a login',
  why: 'A server that forgives bad input may take for a login what none is.',
  mend: { exim: 'server_prompts = : in the PLAIN authenticator, else it answers AUTH PLAIN without asking' },
  leavesTraces: true,
  async run(visit) {
    const opened = await visit.open('inside', 'AUTH cancelled and broken');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const challenge = await conversation.say('AUTH PLAIN');
    const cancelled = codeOf(challenge) === 334 ? await conversation.say('*') : challenge;
    const broken = await conversation.say('AUTH PLAIN QUF!');
    const foreign = await conversation.say('AUTH X-POSTERN-PROBE');
    await conversation.quit();
    const seen = `AUTH PLAIN: ${told(challenge)} · *: ${told(cancelled)} · bad base64: ${told(broken)} · unknown mechanism: ${told(foreign)}`;
    const codes = [cancelled, broken, foreign].map(codeOf);
    if (codes.includes(235)) return fail(`taken for a login: ${seen}`);
    if (codeOf(challenge) === 0 || codes[0] === 0) return unknown(seen);
    if ([challenge, cancelled, broken, foreign].some(isPutOff)) return unknown(putOff(seen));
    if (codeOf(challenge) !== 334) return fail(`no challenge: ${seen}`);
    return codes[0] === 501 && codes[1] === 501 && codes[2] === 504
      ? pass(seen)
      : note(`refused, with other codes than 501, 501, 504: ${seen}`);
  },
};

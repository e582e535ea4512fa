// RFC 5321 sections 4.1 and 4.2.4: the session goes on after an unknown command.

import { codeOf, isPutOff, told } from '../answer.ts';
import { fail, note, pass, type PortCheck, putOff, SUBMISSION, unknown } from './check.ts';

export const commandBasics: PortCheck = {
  id: 'command-basics',
  ...{
    role: 'msa',
    level: 'MUST',
    source: 'RFC 5321 sections 4.1.1.5, 4.1.1.9, 4.2.4 and 4.5.1',
    on: SUBMISSION,
  },
  requirements: ['5321-a', '5321-h', '5321-i'],
  title: 'NOOP and RSET are answered by 250, an unknown command by 500, and the session goes on',
  why: 'Clients count replies: one too many or too few, and they talk past each other.',
  mend: {},
  async run(visit) {
    const opened = await visit.open('deepest', 'basic commands');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const strange = await conversation.say('XPOSTERNPROBE');
    const noop = await conversation.say('nOoP');
    const rset = await conversation.say('RSET');
    const quit = await conversation.say('QUIT');
    conversation.drop();
    const seen = `unknown: ${told(strange)} · NOOP: ${told(noop)} · RSET: ${told(rset)} · QUIT: ${told(quit)}`;
    if (codeOf(strange) === 0 || codeOf(noop) === 0) return unknown(seen);
    if ([strange, noop, rset].some(isPutOff)) return unknown(putOff(seen));
    if (codeOf(noop) !== 250 || codeOf(rset) !== 250 || codeOf(strange) < 500) return fail(seen);
    return codeOf(quit) === 221 && [500, 502].includes(codeOf(strange)) ? pass(seen) : note(seen);
  },
};

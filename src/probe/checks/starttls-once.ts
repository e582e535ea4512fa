// RFC 3207 section 4.2: inside TLS, STARTTLS is not offered again.

import { codeOf, told } from '../answer.ts';
import { fail, judgeRefusal, note, type PortCheck, SUBMISSION, unknown } from './check.ts';

export const starttlsOnce: PortCheck = {
  id: 'starttls-once',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 3207 section 4.2', on: SUBMISSION },
  requirements: ['TLS-c', 'TLS-b'],
  title: 'STARTTLS is not offered inside TLS',
  why: 'The list of extensions must be made again after the handshake; a server that shows the old one kept what was said in clear.',
  mend: {},
  async run(visit) {
    const opened = await visit.open('inside', 'STARTTLS inside TLS');
    if (!opened.ok) return unknown(opened.error);
    const { conversation, hello } = opened.value;
    const answer = await conversation.say('STARTTLS');
    // After a 220 the server waits for a handshake: the connection can't be used any more.
    conversation.drop();
    if (hello?.capabilities.has('STARTTLS') === true) return fail('EHLO inside TLS lists STARTTLS');
    // The rule is about what is offered; Dovecot takes it on its port with TLS from the start, and no client asks for it.
    if (codeOf(answer) === 220) return note(`not offered, but a second STARTTLS is taken: ${told(answer)}`);
    return judgeRefusal(answer, told(answer));
  },
};

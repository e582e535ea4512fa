// RFC 3207 section 4.2, CVE-2011-0411: commands sent in clear after STARTTLS are never executed inside TLS.

import { codeOf, told } from '../answer.ts';
import { fail, judgeRefusal, pass, type PortCheck, skip, unknown } from './check.ts';
import { tlsOf } from '../survey.ts';

/** Time for a reply that must not come. */
const LISTEN_MS = 1500;

export const starttlsInjection: PortCheck = {
  id: 'starttls-injection',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 3207 section 4.2 (CVE-2011-0411)', on: ['starttls', 'mx'] },
  requirements: ['TLS-d', 'F-STLS-1', 'G-27'],
  title: 'Commands sent in clear after STARTTLS are not executed inside TLS',
  why: 'Somebody on the way could put commands in front of those of the client, and read a login or a message.',
  mend: {
    postfix: 'update: fixed in 2.8.0',
    exim: 'update',
    dovecot: 'update: fixed in 2.3.14.1',
  },
  async run(visit) {
    if (typeof visit.found.clear !== 'object' || !visit.found.clear.capabilities.has('STARTTLS'))
      return skip('STARTTLS is not offered');
    const opened = await visit.open('clear', 'a command after STARTTLS');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    conversation.raw('STARTTLS\r\nNOOP\r\n');
    const answer = await conversation.next();
    if (codeOf(answer) !== 220) {
      conversation.drop();
      return answer.type === 'closed'
        ? pass(`refused before TLS: ${told(answer)}`)
        : judgeRefusal(answer, `before TLS: ${told(answer)}`);
    }
    const shaken = await conversation.secure(tlsOf(visit.target));
    if (shaken.type === 'failed') return pass(`no handshake after it: ${shaken.detail}`);
    const late = await conversation.next(LISTEN_MS);
    conversation.drop();
    if (late.type === 'reply') return fail(`inside TLS came, unasked: ${told(late)}`);
    return pass('nothing was executed');
  },
};

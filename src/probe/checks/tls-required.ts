// RFC 3207 section 4, RFC 8314 section 3.3: nothing but EHLO, STARTTLS, NOOP and QUIT before TLS.

import { isPositive, isPutOff, isRefused, told } from '../answer.ts';
import { fail, judgeRefusal, note, type PortCheck, putOff, unknown } from './check.ts';
import { strangers } from '../stranger.ts';

export const tlsRequired: PortCheck = {
  id: 'tls-required',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 3207 section 4, RFC 8314 section 3.3', on: ['starttls'] },
  requirements: ['TLS-e', 'TLS-g2'],
  title: 'Mail commands before TLS are refused',
  why: 'Clients that do not ask for TLS are told to, instead of going on in clear.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'smtpd_tls_security_level = encrypt for the submission service',
    exim: 'acl_smtp_mail: deny !encrypted = * (for port 587)',
    dovecot: 'ssl = required',
  },
  async run(visit) {
    const { trials, problem } = await strangers(visit);
    const clear = trials.filter(({ phase }) => phase === 'clear');
    const [first] = clear;
    if (first === undefined) return unknown(problem ?? 'not answered');
    const taken = clear.find(({ mail }) => isPositive(mail));
    if (taken === undefined)
      return judgeRefusal((clear.find(({ mail }) => !isRefused(mail)) ?? first).mail, told(first.mail));
    if (isPositive(taken.remote ?? taken.mail) && taken.remote !== undefined)
      return fail(`MAIL in clear: ${told(taken.mail)}`);
    if (taken.remote !== undefined && isPutOff(taken.remote)) return unknown(putOff(told(taken.remote)));
    return note(`MAIL in clear is taken, the recipients are refused: ${told(taken.remote ?? taken.mail)}`);
  },
};

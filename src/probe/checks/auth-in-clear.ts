// RFC 5068 section 5, RFC 4954 section 4, RFC 8314 section 4.1: before TLS AUTH is neither offered nor accepted.

import { codeOf, isPutOff, told } from '../answer.ts';
import { hasAuth } from '../mechanisms.ts';
import { STRANGE_LOGIN } from '../strange-login.ts';
import { fail, note, pass, type PortCheck, putOff, skip, unknown } from './check.ts';

export const authInClear: PortCheck = {
  id: 'auth-in-clear',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5068 section 5, RFC 4954 section 4', on: ['starttls'] },
  requirements: ['BCP134-5-b', 'BCP134-5-c', 'AUTH-b', 'AUTH-r', 'TLS-p', 'F-AUTH-5'],
  title: 'AUTH is neither offered nor taken before TLS',
  why: 'A client that logs in before TLS gives the password to everybody on the way.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'smtpd_tls_auth_only = yes',
    exim: 'auth_advertise_hosts = ${if def:tls_in_cipher {*}{}} and server_advertise_condition likewise',
    dovecot:
      'disable_plaintext_auth = yes (auth_allow_cleartext = no) and ssl = required; from its own address it takes AUTH all the same',
  },
  guardsTheDoor: true,
  async run(visit) {
    const { clear } = visit.found;
    if (typeof clear !== 'object') return skip('there was no answer to EHLO');
    if (hasAuth(clear.capabilities))
      return fail(`EHLO in clear lists AUTH: ${clear.reply.lines.find((line) => /^AUTH/i.test(line)) ?? ''}`);
    const opened = await visit.open('clear', 'AUTH before TLS');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const answer = await conversation.say(`AUTH PLAIN ${STRANGE_LOGIN}`, 'AUTH PLAIN (dummy)');
    await conversation.quit();
    const code = codeOf(answer);
    if (code === 0) return unknown(told(answer));
    if (isPutOff(answer)) return unknown(putOff(told(answer)));
    if (code < 400 || code === 535)
      return fail(`not listed, but the credentials were looked at: ${told(answer)}`);
    return code === 530 || code === 538
      ? pass(told(answer))
      : note(`refused, though not with 530: ${told(answer)}`);
  },
};

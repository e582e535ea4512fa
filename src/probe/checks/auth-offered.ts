// RFC 6409 section 7, RFC 4954 section 4: AUTH is offered, with PLAIN among the mechanisms.

import { mechanismsOf } from '../mechanisms.ts';
import { fail, pass, type PortCheck, skip, SUBMISSION } from './check.ts';

export const authOffered: PortCheck = {
  id: 'auth-offered',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 6409 section 7, RFC 4954 section 4', on: SUBMISSION },
  requirements: ['6409-7-AUTH', 'AUTH-a', 'AUTH-s'],
  title: 'AUTH is offered inside TLS, with PLAIN among its mechanisms',
  why: 'Without a login there is nobody who could answer for a message.',
  mend: {
    postfix: 'smtpd_sasl_auth_enable = yes, smtpd_sasl_type = dovecot, smtpd_sasl_path = private/auth',
    exim: 'an authenticator with driver = plaintext, public_name = PLAIN',
    dovecot: 'auth_mechanisms = plain',
  },
  run({ found }) {
    if (typeof found.inside !== 'object') return Promise.resolve(skip('no EHLO answer inside TLS'));
    const mechanisms = mechanismsOf(found.inside.capabilities);
    if (mechanisms.length === 0) return Promise.resolve(fail('EHLO inside TLS lists no AUTH'));
    return Promise.resolve((mechanisms.includes('PLAIN') ? pass : fail)(mechanisms.join(' ')));
  },
};

// RFC 5068 section 5: the most secure means that are practical. Mechanisms that are broken or withdrawn are none of them.

import { mechanismsOf } from '../mechanisms.ts';
import { fail, pass, type PortCheck, skip, SUBMISSION } from './check.ts';

const BROKEN: readonly string[] = [
  'NTLM',
  'CRAM-MD5',
  'DIGEST-MD5',
  'GSS-SPNEGO',
  'OTP',
  'SKEY',
  'RPA',
  'APOP',
];

export const authMechanisms: PortCheck = {
  id: 'auth-mechanisms',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 5068 section 5, RFC 6331', on: SUBMISSION },
  requirements: ['BCP134-5-a'],
  title: 'No mechanisms that are broken or withdrawn',
  why: 'They make servers keep passwords in clear, or leak what can be guessed offline.',
  mend: {
    postfix: 'smtpd_sasl_mechanism_filter = plain, login',
    exim: 'remove the authenticator',
    dovecot: 'auth_mechanisms = plain login scram-sha-256',
  },
  run({ found }) {
    if (typeof found.inside !== 'object') return Promise.resolve(skip('no EHLO answer inside TLS'));
    const broken = mechanismsOf(found.inside.capabilities).filter((one) => BROKEN.includes(one));
    return Promise.resolve(broken.length === 0 ? pass('none') : fail(broken.join(' ')));
  },
};

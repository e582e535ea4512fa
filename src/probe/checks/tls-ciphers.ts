// RFC 9325 section 4: suites with forward secrecy and authenticated encryption, no others.

import { fail, pass, type PortCheck, skip, SUBMISSION, unknown } from './check.ts';

/** Key transport by RSA, CBC, and what is worse. */
const WEAK =
  'kRSA:RC4:3DES:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:AES128-SHA:AES256-SHA:aNULL:eNULL:@SECLEVEL=0';

export const tlsCiphers: PortCheck = {
  id: 'tls-ciphers',
  ...{ role: 'msa', level: 'SHOULD NOT', source: 'RFC 9325 section 4.1', on: SUBMISSION },
  requirements: ['TLS-l'],
  title: 'No suites without forward secrecy or authenticated encryption',
  why: 'What was recorded today can be read tomorrow, once the key of the server is known.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix:
      'tls_preempt_cipherlist = yes; smtpd_tls_mandatory_ciphers = high; smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, SHA1, SHA256, SHA384',
    exim: 'tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-256-CBC:-AES-128-CBC',
    dovecot: 'ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20',
  },
  async run(visit) {
    const { handshake } = visit.found;
    if (handshake?.type !== 'secured') return skip('TLS was not reached');
    const weak = await visit.shakeHands({ maxVersion: 'TLSv1.2', ciphers: WEAK }, 'only weak suites');
    if (!weak.ok) return unknown(weak.error);
    return weak.value.type === 'secured'
      ? fail(`${weak.value.cipher} is taken`)
      : pass(`chosen: ${handshake.cipher}; weak ones refused`);
  },
};

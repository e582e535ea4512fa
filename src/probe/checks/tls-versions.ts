// RFC 8314 section 3, RFC 8996, RFC 8997: TLS 1.2 or newer, and nothing older.

import { fail, pass, type PortCheck, skip, unknown, SUBMISSION } from './check.ts';

export const tlsVersions: PortCheck = {
  id: 'tls-versions',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 8997 section 3, RFC 8996', on: SUBMISSION },
  requirements: ['TLS-k'],
  title: 'TLS 1.2 or newer is spoken, TLS 1.0 and 1.1 are refused',
  why: 'The old versions can be broken, and a server that still takes them invites it.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'smtpd_tls_mandatory_protocols = >=TLSv1.2, smtpd_tls_protocols = >=TLSv1.2',
    exim: 'GnuTLS: tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1; OpenSSL: openssl_options = +no_tlsv1 +no_tlsv1_1',
    dovecot: 'ssl_min_protocol = TLSv1.2',
  },
  async run(visit) {
    const { handshake } = visit.found;
    if (handshake === undefined) return skip('TLS was not reached');
    // Our own lower limit is 1.2: a server that has only older versions fails the first handshake.
    if (handshake.type === 'failed') return fail(`no handshake with TLS 1.2 or 1.3: ${handshake.detail}`);
    const old = await visit.shakeHands(
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      'only TLS 1.0 and 1.1',
    );
    if (!old.ok) return unknown(old.error);
    return old.value.type === 'secured'
      ? fail(`${old.value.version} is taken too`)
      : pass(`${handshake.version}; older refused (${old.value.detail})`);
  },
};

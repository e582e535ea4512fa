// RFC 8314 section 3.3 with RFC 3207: STARTTLS on the submission port.

import { codeOf, isPutOff, told } from '../answer.ts';
import { fail, pass, type PortCheck, putOff, skip, unknown } from './check.ts';

export const starttlsOffered: PortCheck = {
  id: 'starttls-offered',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 8314 sections 3.3 and 4, RFC 3207', on: ['starttls'] },
  requirements: ['TLS-i', '6409-7-TLS', 'BCP134-5-c'],
  title: 'STARTTLS is offered and works',
  why: 'Without it passwords and messages cross the network in clear.',
  mend: {
    postern: 'tls: { cert: …, key: … }',
    postfix: 'smtpd_tls_chain_files = key.pem, fullchain.pem; smtpd_tls_security_level = encrypt',
    exim: 'tls_advertise_hosts = *, tls_certificate, tls_privatekey',
    dovecot: 'ssl = required, ssl_cert, ssl_key',
  },
  run({ found }) {
    const { clear, startTls, handshake } = found;
    if (typeof clear !== 'object') return Promise.resolve(skip('there was no answer to EHLO'));
    if (!clear.capabilities.has('STARTTLS'))
      return Promise.resolve(
        fail(`EHLO does not list it${startTls === undefined ? '' : `; asked for anyway: ${told(startTls)}`}`),
      );
    if (startTls !== undefined && isPutOff(startTls))
      return Promise.resolve(unknown(putOff(`listed, but: ${told(startTls)}`)));
    if (startTls === undefined || codeOf(startTls) !== 220)
      return Promise.resolve(
        fail(`listed, but: ${startTls === undefined ? 'not answered' : told(startTls)}`),
      );
    if (handshake?.type !== 'secured')
      return Promise.resolve(fail(`the handshake fails: ${handshake?.detail ?? 'it did not begin'}`));
    return Promise.resolve(pass(`${handshake.version} ${handshake.cipher}`));
  },
};

// RFC 8314 section 4.4, RFC 7817: a certificate that clients can believe: chain, name, date.

import { fail, note, pass, type PortCheck, skip, SUBMISSION } from './check.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

const problems: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a root that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the chain is not complete (an intermediate certificate is missing), or its root is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is unknown, or an intermediate certificate is missing',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for other names',
};

export const tlsCertificate: PortCheck = {
  id: 'tls-certificate',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 8314 section 4.4, RFC 7817', on: SUBMISSION },
  requirements: ['TLS-r'],
  title: 'The certificate is valid: chain, name, date',
  why: 'Clients that do as they should refuse the server, the others learn to click warnings away.',
  mend: {
    postern: 'tls: { cert: fullchain.pem, key: privkey.pem }; it is read again by itself',
    postfix: 'smtpd_tls_chain_files = privkey.pem, fullchain.pem; postfix reload',
    exim: 'tls_certificate = fullchain.pem',
    dovecot: 'ssl_cert = <fullchain.pem; doveadm reload',
  },
  run({ found, target }) {
    const { handshake } = found;
    if (handshake?.type !== 'secured') return Promise.resolve(skip('TLS was not reached'));
    const { certificate, problem } = handshake;
    const seen = `for ${certificate.names.join(', ') || 'no name'}, by ${certificate.issuer}, until ${day(certificate.notAfter)}, SHA-256 ${certificate.fingerprint}`;
    if (problem !== undefined)
      return Promise.resolve(fail(`${problems[problem] ?? problem} (asked for ${target.name}): ${seen}`));
    const days = Math.floor((certificate.notAfter - target.now) / DAY_MS);
    return Promise.resolve(days < SOON_DAYS ? note(`it expires in ${days} days: ${seen}`) : pass(seen));
  },
};

function day(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'an unknown day';
}

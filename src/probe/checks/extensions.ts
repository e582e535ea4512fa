// RFC 6409 section 7: the extensions that a submission server should have.

import { fail, pass, type PortCheck, skip, SUBMISSION } from './check.ts';

const WANTED = ['PIPELINING', 'ENHANCEDSTATUSCODES', 'DSN', '8BITMIME'] as const;

export const extensions: PortCheck = {
  id: 'extensions',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 6409 section 7', on: SUBMISSION },
  requirements: ['6409-7-PIPE', '6409-7-ESC', '6409-7-DSN', '6409-7-8BIT'],
  title: 'PIPELINING, ENHANCEDSTATUSCODES, DSN and 8BITMIME are offered',
  why: 'Clients learn why something was refused, may ask for reports, and need not recode content.',
  mend: {
    postfix: 'smtpd_discard_ehlo_keywords without them',
    exim: 'dsn_advertise_hosts = *, accept_8bitmime = yes, pipelining_advertise_hosts = *',
    dovecot: 'submission_backend_capabilities: what the relay host has',
  },
  run({ found }) {
    if (typeof found.inside !== 'object') return Promise.resolve(skip('no EHLO answer inside TLS'));
    const { capabilities } = found.inside;
    const missing = WANTED.filter((keyword) => !capabilities.has(keyword));
    return Promise.resolve(missing.length === 0 ? pass('all four') : fail(`missing: ${missing.join(', ')}`));
  },
};

// RFC 6409 section 7: commands that turn the connection around have no place on a submission port.

import { fail, pass, type PortCheck, skip, SUBMISSION } from './check.ts';

const FOREIGN = ['ETRN', 'ATRN', 'TURN'] as const;

export const noEtrn: PortCheck = {
  id: 'no-etrn',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 6409 section 7', on: SUBMISSION },
  requirements: ['6409-7-ETRN', '6409-7-ATRN', 'EXT-TURN'],
  title: 'ETRN and ATRN are not offered',
  why: 'They start deliveries between servers; a mail program has no use for them, an attacker has.',
  mend: {
    postfix:
      'master.cf, submission: -o smtpd_discard_ehlo_keywords=etrn (with silent-discard in front to keep the log quiet)',
    exim: 'no acl_smtp_etrn for 587 and 465',
  },
  run({ found }) {
    const lists = [found.clear, found.inside].filter((hello) => typeof hello === 'object');
    if (lists.length === 0) return Promise.resolve(skip('there was no answer to EHLO'));
    const offered = FOREIGN.filter((keyword) => lists.some(({ capabilities }) => capabilities.has(keyword)));
    return Promise.resolve(offered.length === 0 ? pass('none is') : fail(`EHLO lists ${offered.join(', ')}`));
  },
};

// RFC 5068 sections 3.1 and 4.1: submission has its own port; port 25 is for mail between servers.

import { hasAuth } from '../mechanisms.ts';
import { fail, pass, type PortCheck, unknown } from './check.ts';

export const mxNoAuth: PortCheck = {
  id: 'mx-no-auth',
  ...{ role: 'mx', level: 'REC', source: 'RFC 5068 sections 3.1 and 4.1', on: ['mx'] },
  requirements: ['BCP134-4.1-c', 'BCP134-4.1-f'],
  title: 'Port 25 offers no AUTH',
  why: 'Passwords are guessed on the port that must be open to all, and networks that block it block its users.',
  mend: {
    postern: 'role mx offers none',
    postfix: 'smtpd_sasl_auth_enable = no in main.cf, yes for submission in master.cf',
  },
  run({ found }) {
    const lists = [found.clear, found.inside].filter((list) => typeof list === 'object');
    if (lists.length === 0) return Promise.resolve(unknown('there was no answer to EHLO'));
    return Promise.resolve(
      lists.some(({ capabilities }) => hasAuth(capabilities))
        ? fail('EHLO lists AUTH')
        : pass('EHLO lists no AUTH'),
    );
  },
};

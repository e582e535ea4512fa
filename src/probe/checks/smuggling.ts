// RFC 5321 sections 2.3.8 and 4.1.1.4: only CRLF ends a line, and only CRLF . CRLF a message. Needs the credentials of one account.

import { isPositive, told } from '../answer.ts';
import { endings, type SmugglingTrial, trySmuggling } from '../smuggling-trial.ts';
import { fail, type Outcome, pass, type PortCheck, skip, SUBMISSION, unknown } from './check.ts';

export const smuggling: PortCheck = {
  id: 'smuggling',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5321 sections 2.3.8 and 4.1.1.4', on: SUBMISSION },
  requirements: ['5321-w', 'F-SMUG-1'],
  title: 'Nothing but CRLF . CRLF is taken for the end of a message',
  why: 'Whoever may send one message puts a second one into it, with any sender, behind an end that the next server does not see: rights, limits and trace are passed by.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix:
      'smtpd_forbid_bare_newline = normalize, and smtpd_forbid_bare_newline_exclusions empty (3.5.24, 3.6.14, 3.7.10, 3.8.5; the default from 3.9)',
    exim: 'update: fixed in 4.97.1, Debian 4.96-15+deb12u4',
    dovecot:
      '2.3 has no setting for it: let another server that refuses bare line feeds take the submissions',
  },
  leavesTraces: true,
  async run(visit) {
    const { login } = visit.target;
    if (login === undefined) return skip('no credentials were given (--login)');
    if (!login.user.includes('@')) return skip('the login is no address to which a message could go');
    const { tried, problem } = await trySmuggling(visit, login.user);
    return judge(tried, problem, login.user);
  },
};

function judge(tried: readonly SmugglingTrial[], problem: string | undefined, own: string): Outcome {
  const executed = tried.filter((trial) => trial.executed !== undefined);
  const left = leftBehind(tried, own);
  if (executed.length > 0) {
    const [first] = executed;
    const names = executed.map(({ ending }) => ending.name).join(', ');
    const answer = first?.executed === undefined ? '' : told(first.executed);
    return fail(`taken for the end: ${names}; NOOP after it was executed: ${answer}${left}`);
  }
  if (problem !== undefined)
    return unknown(`${tried.length} of ${endings.length} were tried${left}: ${problem}`);
  const unanswered = tried.find(({ because }) => because !== undefined);
  if (unanswered !== undefined) return unknown(`${unanswered.ending.name}: ${unanswered.because}${left}`);
  const answers = new Set(
    tried.map(({ reply }) => (reply === undefined ? 'waited for the true end' : told(reply))),
  );
  return pass(`${tried.length} other ends, none was taken for it: ${[...answers].join(' · ')}${left}`);
}

/** A server that counts no Received fields takes the messages. */
function leftBehind(tried: readonly SmugglingTrial[], own: string): string {
  const count = tried.filter(({ reply }) => reply !== undefined && isPositive(reply)).length;
  return count === 0 ? '' : `; messages of the probe that were taken and go to ${own}: ${count}`;
}

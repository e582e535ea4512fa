// RFC 5068 sections 3.1 and 3.2: no recipient elsewhere without a login.

import { isPositive, isRefused, told } from '../answer.ts';
import { isAboutAddress, strangers, type Trial } from '../stranger.ts';
import { fail, judgeRefusal, type Outcome, pass, type PortCheck, SUBMISSION, unknown } from './check.ts';

const mend = {
  postern: 'it can not be configured otherwise',
  postfix:
    'master.cf, submission: -o smtpd_relay_restrictions=permit_sasl_authenticated,reject (no permit_mynetworks)',
  exim: 'acl_smtp_mail or acl_smtp_rcpt for 587 and 465: deny !authenticated = * (before any accept for local domains or relay hosts)',
  dovecot: 'it asks for a login always; look at the relay host behind it',
} as const;

export const authRequiredRemote: PortCheck = {
  id: 'auth-required-remote',
  ...{
    role: 'msa',
    level: 'MUST',
    source: 'RFC 5068 sections 3.1 and 3.2, RFC 6409 section 4.3',
    on: SUBMISSION,
  },
  requirements: ['BCP134-3.1-d', 'BCP134-3.2-c', 'BCP134-3.2-e', '6409-4.3-a', 'F-REL-12'],
  title: 'Without a login no recipient elsewhere is taken',
  why: 'An open relay sends for everybody, and its owner answers for it.',
  mend,
  guardsTheDoor: true,
  run: (visit) => judgeStrangers(visit, 'remote'),
};

export const authRequiredLocal: PortCheck = {
  id: 'auth-required-local',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 5068 section 3.1', on: SUBMISSION },
  requirements: ['BCP134-3.1-d', '6409-4.3-a', 'G-1', 'G-2'],
  title: 'Without a login no local recipient is taken either',
  why: 'The port is for known senders. Mail of strangers to local mailboxes belongs on port 25, where it is filtered as such.',
  mend: {
    ...mend,
    postfix: 'master.cf, submission: -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject',
  },
  guardsTheDoor: true,
  run: (visit) => judgeStrangers(visit, 'local'),
};

async function judgeStrangers(
  visit: Parameters<PortCheck['run']>[0],
  which: 'remote' | 'local',
): Promise<Outcome> {
  const { trials, problem } = await strangers(visit);
  const taken = trials.find((trial) => trial[which] !== undefined && isPositive(trial[which]));
  if (taken?.[which] !== undefined) return fail(`${how(taken)}, RCPT ${which}: ${told(taken[which])}`);
  const answers = trials.map((trial) => trial[which] ?? trial.mail).filter(({ type }) => type === 'reply');
  const [first] = answers;
  if (first === undefined)
    return unknown(problem ?? (trials[0] === undefined ? 'not answered' : told(trials[0].mail)));
  if (which === 'remote' && answers.every(isAboutAddress))
    return unknown(
      `refused for the address itself (${told(first)}): name one that exists with --remote-recipient`,
    );
  const unclear = answers.find((answer) => !isRefused(answer));
  if (unclear !== undefined) return judgeRefusal(unclear, told(unclear));
  const trial = trials.find((one) => (one[which] ?? one.mail) === first);
  return pass(`${trial === undefined ? '' : `${how(trial)}: `}${told(first)}`);
}

function how({ phase, sender }: Trial): string {
  return `${phase === 'clear' ? 'in clear' : 'inside TLS'}, MAIL FROM:<${sender}>`;
}

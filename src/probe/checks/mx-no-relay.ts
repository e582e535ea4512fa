// RFC 5068 section 4.1: port 25 takes mail for its own domains, and passes nothing on for strangers.

import { type Answer, isPositive, isRefused, told } from '../answer.ts';
import { fail, judgeRefusal, pass, type PortCheck, unknown } from './check.ts';
import { spellingsOutcome } from './spellings-outcome.ts';

export const mxNoRelay: PortCheck = {
  id: 'mx-no-relay',
  ...{ role: 'mx', level: 'MUST', source: 'RFC 5068 section 4.1', on: ['mx'] },
  requirements: [
    ...['BCP134-4.1-b', 'F-REL-1', 'F-REL-2', 'F-REL-3', 'F-REL-5', 'F-REL-6', 'F-REL-7', 'F-REL-8'],
    ...['F-REL-9', 'F-REL-10', 'F-REL-11'],
  ],
  title: 'Port 25 passes nothing on for strangers',
  why: 'An open relay is found within hours, and its mail is refused everywhere within a day.',
  mend: {
    postern: 'role mx never relays',
    postfix:
      'smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination; allow_untrusted_routing = no',
    exim: 'acl_smtp_rcpt: require domains = +local_domains : +relay_to_domains',
  },
  guardsTheDoor: true,
  async run(visit) {
    const opened = await visit.open('clear', 'mail for elsewhere');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const { remoteRecipient, localRecipient } = visit.target;
    const seen: string[] = [];
    let relays = false;
    let unclear: Answer | undefined;
    let taken: string | undefined;
    for (const sender of [remoteRecipient, localRecipient]) {
      const mail = await conversation.say(`MAIL FROM:<${sender}>`);
      if (isPositive(mail)) taken ??= sender;
      const last = isPositive(mail) ? await conversation.say(`RCPT TO:<${remoteRecipient}>`) : mail;
      seen.push(`from ${sender}: ${told(last)}`);
      relays ||= isPositive(last);
      unclear ??= isRefused(last) ? undefined : last;
      await conversation.say('RSET');
    }
    await conversation.quit();
    if (relays) return fail(seen.join(' · '));
    if (unclear !== undefined) return judgeRefusal(unclear, seen.join(' · '));
    if (taken === undefined) return pass(seen.join(' · '));
    // The refusals may concern the name: other spellings of it, and local names that lead elsewhere, are tried too.
    const spelled = await spellingsOutcome(visit, 'clear', taken);
    return { ...spelled, seen: [...seen, spelled.seen].join(' · ') };
  },
};

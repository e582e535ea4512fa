// RFC 6409 section 6.1, RFC 5068 section 3.1: a user who has logged in sends as itself, not as somebody else. Needs the credentials of one account.

import { isPositive, isRefused, told } from '../answer.ts';
import { isAboutAddress } from '../stranger.ts';
import { fail, pass, type PortCheck, skip, SUBMISSION, unknown } from './check.ts';

export const senderRights: PortCheck = {
  id: 'sender-rights',
  ...{ role: 'msa', level: 'REC', source: 'RFC 6409 section 6.1, RFC 5068 section 3.1', on: SUBMISSION },
  requirements: ['BCP134-3.1-e', '6409-6.1'],
  title: 'A login sends with its own addresses only',
  why: 'One stolen password forges the mail of everybody here, and complaints lead to the wrong person.',
  mend: {
    postfix:
      'smtpd_sender_login_maps, and reject_sender_login_mismatch before permit_sasl_authenticated in smtpd_sender_restrictions',
    exim: 'in acl_smtp_mail: deny !condition = ${if eqi{$sender_address}{$authenticated_id}}',
  },
  async run(visit) {
    const { login, localRecipient, remoteRecipient, domain } = visit.target;
    if (login === undefined) return skip('no credentials were given (--login)');
    const opened = await visit.open('authenticated', 'sender rights');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    // A server that lets nobody send proves nothing by refusing others.
    const own = login.user.includes('@') ? await conversation.say(`MAIL FROM:<${login.user}>`) : undefined;
    if (own !== undefined && !isPositive(own)) {
      await conversation.quit();
      return unknown(`its own address is refused too: ${login.user}: ${told(own)}`);
    }
    if (own !== undefined) await conversation.say('RSET');
    // Somebody whom the server may know, and somebody of another domain; neither is the login.
    const senders = [localRecipient, `postern-probe@other.${domain}`].filter(
      (sender) => sender !== login.user,
    );
    const seen: string[] = [];
    let allowed = false;
    let unclear = false;
    for (const sender of senders) {
      const mail = await conversation.say(`MAIL FROM:<${sender}>`);
      // Some servers refuse only at RCPT.
      const last = isPositive(mail) ? await conversation.say(`RCPT TO:<${remoteRecipient}>`) : mail;
      seen.push(`${sender}: ${told(last)}`);
      if (isPositive(last)) allowed = true;
      else if (!isRefused(last) || (last !== mail && isAboutAddress(last))) unclear = true;
      await conversation.say('RSET');
    }
    await conversation.quit();
    if (allowed) return fail(seen.join(' · '));
    return unclear ? unknown(seen.join(' · ')) : pass(seen.join(' · '));
  },
};

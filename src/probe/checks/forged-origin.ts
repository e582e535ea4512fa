// Requirement F-REL-14: a stranger can't name the address it comes from.

import { isPositive, told } from '../answer.ts';
import { offered } from '../survey.ts';
import { fail, judgeRefusal, pass, type PortCheck, SUBMISSION, unknown } from './check.ts';

export const forgedOrigin: PortCheck = {
  id: 'forged-origin',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5068 section 3.2', on: SUBMISSION },
  requirements: ['F-REL-14'],
  title: 'XCLIENT and PROXY of a stranger are not believed',
  why: 'Whoever may say where it comes from comes from a trusted place, and the trace of its mail is a lie.',
  mend: {
    postfix: 'smtpd_authorized_xclient_hosts: only your proxies; smtpd_upstream_proxy_protocol empty',
    exim: 'hosts_proxy: only your proxies',
    dovecot: 'login_trusted_networks and haproxy_trusted_networks: only your proxies',
  },
  guardsTheDoor: true,
  async run(visit) {
    const hello = offered(visit.found);
    if (hello?.capabilities.has('XCLIENT') === true) return fail('EHLO lists XCLIENT for us');
    const opened = await visit.open('deepest', 'XCLIENT');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const answer = await conversation.say('XCLIENT ADDR=127.0.0.1 LOGIN=postmaster');
    await conversation.quit();
    if (isPositive(answer)) return fail(`XCLIENT: ${told(answer)}`);
    return answer.type === 'closed'
      ? pass(`XCLIENT: ${told(answer)}`)
      : judgeRefusal(answer, `XCLIENT: ${told(answer)}`);
  },
};

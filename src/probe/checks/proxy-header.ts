// Requirement F-REL-14: a PROXY line of a stranger is a protocol error, never an address.

import { codeOf, isPositive, isPutOff, told } from '../answer.ts';
import { fail, note, pass, type PortCheck, putOff, unknown } from './check.ts';

export const proxyHeader: PortCheck = {
  id: 'proxy-header',
  ...{ role: 'msa', level: 'MUST NOT', source: 'RFC 5068 section 3.2', on: ['starttls'] },
  requirements: ['F-REL-14'],
  title: 'A PROXY line from a stranger is refused',
  why: 'With it, anybody can pretend to come from a trusted network.',
  mend: {
    postfix: 'smtpd_upstream_proxy_protocol: only on a port that nobody else reaches',
    exim: 'hosts_proxy',
  },
  async run(visit) {
    const opened = await visit.open('greeted', 'a PROXY line');
    if (!opened.ok) return unknown(opened.error);
    const { conversation } = opened.value;
    const answer = await conversation.say('PROXY TCP4 127.0.0.1 127.0.0.1 40000 587');
    const after = conversation.isOver ? undefined : await conversation.say('NOOP');
    conversation.drop();
    if (isPositive(answer)) return fail(`PROXY: ${told(answer)}`);
    if (codeOf(answer) === 0 && answer.type === 'silent') return note('no reply to a PROXY line');
    if (isPutOff(answer)) return unknown(putOff(`PROXY: ${told(answer)}`));
    return pass(`PROXY: ${told(answer)}${after === undefined ? '; then closed' : ''}`);
  },
};

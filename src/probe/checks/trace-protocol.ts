// RFC 4954 section 7, RFC 3848: the trace says that the message came with a login and inside TLS. Looks at a message that went round.

import { fail, type HostCheck, pass } from './check.ts';
import { firstTrace } from '../delivered-message.ts';
import { judgeLoopBack } from '../loop-back.ts';

export const traceProtocol: HostCheck = {
  id: 'trace-protocol',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 4954 section 7, RFC 3848', on: 'host' },
  requirements: ['TT-a', 'TT-b', 'AUTH-ac'],
  title: 'The trace field says ESMTPSA, and an id by which the server finds the message again',
  why: 'It tells a submission from relayed mail, and an abuse desk finds who sent the message by the id.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'it can not be configured otherwise',
    exim: 'received_header_text as it comes ($received_protocol, $message_exim_id)',
    dovecot: 'it writes one as it comes; look at the next hop',
  },
  leavesTraces: true,
  run: (view) =>
    judgeLoopBack(view, (message) => {
      const trace = firstTrace(message);
      if (trace === undefined) return fail('the message has no Received field');
      const { protocol, id, text } = trace;
      const problems = [
        ...(/^(?:UTF8SM|ESM)TPSA$/i.test(protocol)
          ? []
          : [`with ${protocol || 'nothing'} in place of ESMTPSA`]),
        ...(id === '' ? ['no id'] : []),
      ];
      return problems.length === 0 ? pass(text) : fail(`${problems.join(', ')}: ${text}`);
    }),
};

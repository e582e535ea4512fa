// RFC 5321 section 4.4: a server that accepts a message puts its trace field first. Looks at a message that went round (`loopBack`).

import { fail, type HostCheck, note, pass } from './check.ts';
import { firstTrace } from '../delivered-message.ts';
import { isDate } from '../../message/date.ts';

export const traceReceived: HostCheck = {
  id: 'trace-received',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 5321 section 4.4', on: 'host' },
  requirements: ['5321-r', '5321-s', '5321-u', 'D-PR-2'],
  title: 'A submitted message leaves with a trace field of the server',
  why: 'Nobody can tell where a message without it came in, and receivers take it for the work of a bot.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'no header_checks and no milter may remove it',
    exim: 'received_header_text as it comes',
    dovecot: 'it writes one as it comes; look at the next hop',
  },
  leavesTraces: true,
  async run(view) {
    const answer = await view.loopBack();
    if (answer.type === 'none') return answer.outcome;
    const { message } = answer;
    const trace = firstTrace(message);
    if (trace === undefined) return fail('the message has no Received field');
    const { from, by, date, text } = trace;
    const lacking = Object.entries({ from, by, date }).flatMap(([name, value]) =>
      value === '' ? [name] : [],
    );
    if (lacking.length > 0) return fail(`no ${lacking.join(', no ')}: ${text}`);
    if (!isDate(date)) return fail(`no valid date: ${text}`);
    const names = [message.serverName, view.target.name, view.target.host].map((name) => name.toLowerCase());
    return names.includes(by.toLowerCase())
      ? pass(text)
      : note(`it is by another name than ${message.serverName}: ${text}`);
  },
};

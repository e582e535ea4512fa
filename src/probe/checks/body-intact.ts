// RFC 5321 section 4.5.2: the content of a message arrives as it was sent. Looks at a message that went round.

import { fail, type HostCheck, note, pass } from './check.ts';
import { fieldsNamed } from '../delivered-message.ts';
import { bodyOf, judgeLoopBack } from '../loop-back.ts';

export const bodyIntact: HostCheck = {
  id: 'body-intact',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 5321 section 4.5.2', on: 'host' },
  requirements: ['5321-x', '6409-8-d'],
  title: 'The text of a message arrives octet by octet',
  why: 'A text that is changed on its way breaks signatures (S/MIME, PGP, DKIM) and what people send each other.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'no body_checks, content_filter or milter may change it; smtp_line_length_limit = 998',
    exim: 'no transport_filter may change it',
    dovecot: 'look at the next hop',
  },
  leavesTraces: true,
  run: (view) =>
    judgeLoopBack(view, (message) => {
      const wanted = bodyOf(view.target.loopBack?.mark ?? '');
      const at = wanted.findIndex((line, number) => message.lines[number] !== line);
      const count = `${message.lines.length} lines`;
      if (at < 0 && message.lines.length === wanted.length) return pass(count);
      const changed =
        at < 0
          ? `after its end: ${message.lines[wanted.length]}`
          : `line ${at + 1} is ${message.lines[at] ?? 'missing'}`;
      const [encoding] = fieldsNamed(message, 'content-transfer-encoding');
      // An encoding is allowed on the way (RFC 6409 section 8.4), and says nothing about the octets.
      return encoding !== undefined && !/^[78]bit$/i.test(encoding)
        ? note(`it was encoded again as ${encoding}: ${changed}`)
        : fail(`${changed.slice(0, 100)}; ${count}`);
    }),
};

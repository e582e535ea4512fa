// RFC 6409 sections 8.2 and 8.3: a submission server adds a missing Date and Message-ID. Looks at a message that went round without them.

import { fail, type HostCheck, pass } from './check.ts';
import { fieldsNamed } from '../delivered-message.ts';
import { isDate } from '../../message/date.ts';
import { judgeLoopBack } from '../loop-back.ts';

export const messageCompleted: HostCheck = {
  id: 'message-completed',
  ...{
    role: 'msa',
    level: 'SHOULD',
    source: 'RFC 6409 sections 8.2 and 8.3, RFC 5322 section 3.6',
    on: 'host',
  },
  requirements: ['6409-8.2', '6409-8.3', '5321-af'],
  title: 'Date and Message-ID are added where they are missing',
  why: 'Receivers take a message without them for spam, and replies and complaints can not be matched.',
  mend: {
    postern: 'it can not be configured otherwise',
    postfix: 'local_header_rewrite_clients = permit_sasl_authenticated, or always_add_missing_headers = yes',
    exim: 'control = submission in acl_smtp_mail, for authenticated = *',
    dovecot: 'the next hop adds them',
  },
  leavesTraces: true,
  run: (view) =>
    judgeLoopBack(view, (message) => {
      const [dates, ids] = [fieldsNamed(message, 'date'), fieldsNamed(message, 'message-id')];
      const seen = `Date: ${dates.join(' | ') || 'none'} · Message-ID: ${ids.join(' | ') || 'none'}`;
      const isWhole = dates.length === 1 && ids.length === 1;
      return isWhole && isDate(dates[0] ?? '') && /^<[^<>@\s]+@[^<>@\s]+>$/.test(ids[0] ?? '')
        ? pass(seen)
        : fail(seen);
    }),
};

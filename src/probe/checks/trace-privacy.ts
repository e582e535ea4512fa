// RFC 5321 section 7.6: trace fields show more than receivers need to know. Looks at a message that went round.

import { fail, type HostCheck, pass } from './check.ts';
import { type DeliveredField, fieldsNamed, firstTrace } from '../delivered-message.ts';
import { judgeLoopBack } from '../loop-back.ts';

const ADDRESS = /\[(?:IPv6:)?[0-9a-f:.]{3,45}\]|\b\d{1,3}(?:\.\d{1,3}){3}\b/i;
/** Fields by which servers and webmail name the client. */
const TELLING = /^x-.*(?:originating|authenticated|client-ip|sender-ip|source-ip)/i;

export const tracePrivacy: HostCheck = {
  id: 'trace-privacy',
  ...{ role: 'msa', level: 'REC', source: 'RFC 5321 section 7.6', on: 'host' },
  requirements: ['D-PR-1', 'D-PR-3'],
  title: 'What leaves shows neither the address nor the login of the client',
  why: 'Receivers learn where each sender sits and which logins are worth attacking. The server keeps it in its record.',
  mend: {
    postern: 'received: pseudonymous (the default)',
    postfix:
      'smtpd_sasl_authenticated_header = no, and a header_checks rule for submission that replaces what stands after "from"',
    exim: 'received_header_text without $sender_host_address and $authenticated_id',
    dovecot: 'the next hop replaces it',
  },
  leavesTraces: true,
  run: (view) =>
    judgeLoopBack(view, (message) => {
      const { login, ehloName } = view.target;
      const text = firstTrace(message)?.text ?? '';
      const from = text.split(/\sby\s/)[0] ?? '';
      // `for` holds the recipient, who may be the same.
      const rest = text.replace(/\sfor\s+<?[^\s>;]*>?/, '');
      const telling = message.fields.filter((field) => tells(field, login?.user));
      const shown = [
        ...(ADDRESS.test(from) || fieldsNamed(message, 'message-id').some((id) => ADDRESS.test(id))
          ? ['the address']
          : []),
        ...(!ehloName.startsWith('[') && from.includes(ehloName) ? ['the name of the client'] : []),
        ...(login !== undefined && rest.includes(login.user) ? ['the login'] : []),
        ...telling.map(({ name }) => name),
      ];
      return shown.length === 0
        ? pass(text || 'no Received field')
        : fail(`it shows ${shown.join(', ')}: ${text}`);
    }),
};

function tells({ name, value }: DeliveredField, user: string | undefined): boolean {
  if (TELLING.test(name)) return true;
  return user !== undefined && /^authentication-results$/i.test(name) && value.includes(`smtp.auth=${user}`);
}

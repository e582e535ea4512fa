// RFC 8314 section 3.3: implicit TLS on 465 is offered beside STARTTLS on 587.

import type { HostCheck } from './check.ts';
import { isThere } from './submission-port.ts';

export const submissionsPort: HostCheck = {
  id: 'submissions-port',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 8314 section 3.3', on: 'host' },
  requirements: ['TLS-j', 'TLS-i'],
  title: 'The submissions port 465 (implicit TLS) is offered',
  why: 'Implicit TLS can not be stripped, and many clients prefer it.',
  mend: {
    postern: 'leave `listeners:` out, or add { port: 465, role: submission, tls: implicit }',
    postfix: 'master.cf: uncomment the submissions (smtps) service',
    exim: 'daemon_smtp_ports = 25 : 465 : 587 and tls_on_connect_ports = 465',
    dovecot: 'service submission-login { inet_listener submissions { port = 465 ssl = yes } }',
  },
  run: (host) => Promise.resolve(isThere(host, 'implicit')),
};

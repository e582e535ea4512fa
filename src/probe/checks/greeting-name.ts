// RFC 5321 section 4.2: the greeting and the answer to EHLO name the server by its primary host name.

import { greetingName } from '../path-state.ts';
import { offered } from '../survey.ts';
import { fail, note, pass, type PortCheck, skip } from './check.ts';

const FQDN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

export const greetingNameCheck: PortCheck = {
  id: 'greeting-name',
  ...{
    role: 'msa',
    level: 'MUST',
    source: 'RFC 5321 sections 4.1.1.1 and 4.2',
    on: ['starttls', 'implicit'],
  },
  requirements: ['5321-ai'],
  title: 'The greeting and the EHLO answer name the server by its fully qualified name',
  why: 'Clients, logs and people who follow a trace have to know which server spoke.',
  mend: {
    postern: 'hostname: mail.example.org',
    postfix: 'myhostname = mail.example.org',
    exim: 'primary_hostname = mail.example.org',
    dovecot: 'submission_host / hostname = mail.example.org',
  },
  run({ found }) {
    const greeting = greetingName(found) ?? '';
    const [hello = ''] = offered(found)?.reply.lines[0]?.split(' ') ?? [];
    if (offered(found) === undefined) return Promise.resolve(skip('there was no answer to EHLO'));
    const seen = `greeting "${greeting}", EHLO answer "${hello}"`;
    if (!FQDN.test(greeting) && !FQDN.test(hello)) return Promise.resolve(fail(seen));
    return Promise.resolve(FQDN.test(greeting) && FQDN.test(hello) ? pass(seen) : note(seen));
  },
};

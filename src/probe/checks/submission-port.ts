// RFC 5068 section 3.1: the submission port exists.

import { codeOf, isPutOff, told } from '../answer.ts';
import { fail, type HostCheck, type HostView, type Outcome, pass, putOff, unknown } from './check.ts';
import type { PortKind } from '../target.ts';

export const submissionPort: HostCheck = {
  id: 'submission-port',
  ...{ role: 'msa', level: 'MUST', source: 'RFC 5068 section 3.1', on: 'host' },
  requirements: ['BCP134-3.1-a', 'BCP134-3.2-a'],
  title: 'The submission port 587 is offered',
  why: 'It is the port that networks must not block and that clients look for first.',
  mend: {
    postern: 'leave `listeners:` out, or add { port: 587, role: submission, tls: starttls }',
    postfix: 'master.cf: uncomment the submission service',
    exim: 'daemon_smtp_ports = 25 : 465 : 587',
    dovecot: 'protocols = … submission; service submission-login { inet_listener submission { port = 587 } }',
  },
  run: (host) => Promise.resolve(isThere(host, 'starttls')),
};

/** The port answers as an SMTP server over at least one address. */
export function isThere({ surveys }: HostView, kind: PortKind): Outcome {
  const mine = surveys.filter(({ port, reach }) => port.kind === kind && reach !== 'noAddress');
  const [first] = mine;
  if (first === undefined) return unknown('this port was not looked at');
  const name = `port ${first.port.port}`;
  const good = mine.find(({ greeting }) => greeting !== undefined && codeOf(greeting) === 220);
  if (good?.greeting !== undefined) return pass(`${name}: ${told(good.greeting)}`);
  const reached = mine.find(({ reach }) => reach === 'open');
  if (reached?.greeting !== undefined && isPutOff(reached.greeting))
    return unknown(putOff(`${name}: ${told(reached.greeting)}`));
  if (reached !== undefined) return fail(`${name} is open, but no SMTP server answers: ${whatCame(reached)}`);
  if (mine.some(({ reach }) => reach === 'refused')) return fail(`${name} refuses connections`);
  return unknown(`${name} could not be reached (${first.reachDetail})`);
}

function whatCame({ greeting, handshake }: HostView['surveys'][number]): string {
  if (handshake?.type === 'failed') return `the TLS handshake fails: ${handshake.detail}`;
  return greeting === undefined ? 'nothing came' : told(greeting);
}

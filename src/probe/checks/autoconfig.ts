// RFC 5068 section 3.2: sites set their users' mail programs up for the submission port. Reads the document by which mail programs configure themselves
// as our own client does. Asked only where the domain was named: a guessed one proves nothing.

import { type AutoconfigFinding, findByAutoconfig } from '../../client/autoconfig.ts';
import type { Candidate } from '../../client/server.ts';
import type { DocumentAnswer } from '../../platform/web-document.ts';
import { fail, type HostCheck, type HostView, note, type Outcome, pass, skip, unknown } from './check.ts';

const webServer =
  'a web server at autoconfig.DOMAIN serves /mail/config-v1.1.xml, which names the server and its ports';

export const autoconfig: HostCheck = {
  id: 'autoconfig',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 5068 section 3.2', on: 'host' },
  requirements: ['BCP134-3.2-h', 'C-AC-1'],
  title: 'A configuration document leads mail programs to the submission ports',
  why: 'Mail programs do not find port 587 by themselves, and few people set it.',
  mend: {
    postern: 'web: { port: 443 } serves it; postern dns prints the names that lead there',
    ...{ postfix: webServer, exim: webServer, dovecot: webServer },
  },
  async run(view) {
    const { target, documents } = view;
    if (target.domainIsGuess) return skip('the domain was not named (--domain)');
    const answers: DocumentAnswer[] = [];
    const account = { address: target.localRecipient, localPart: 'postmaster', domain: target.domain };
    const found = await findByAutoconfig(account, {
      async fetch(url, limits) {
        const answer = await documents.fetch(url, limits);
        answers.push(answer);
        return answer;
      },
    });
    return judge(view, found, answers);
  },
};

function judge(
  view: HostView,
  { candidates, details }: AutoconfigFinding,
  answers: readonly DocumentAnswer[],
): Outcome {
  const seen = details.map(({ question, answer }) => `${question}: ${answer}`).join(' · ');
  if (candidates.length === 0) return answers.some(saysNothing) ? unknown(seen) : fail(seen);
  const names = [view.target.host, view.target.name].map((name) => name.toLowerCase());
  const here = candidates.filter(({ host }) => names.includes(host));
  if (here.length === 0) return note(`it leads to another host: ${seen}`);
  return here.some((candidate) => isReached(candidate, view))
    ? pass(seen)
    : fail(`none of these ports was reached: ${seen}`);
}

function isReached({ port, tls }: Candidate, { surveys }: HostView): boolean {
  return surveys.some(({ port: own, reach }) => own.port === port && own.kind === tls && reach === 'open');
}

const undecided = new Set(['EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT', 'no answer in time']);

/** No answer, perhaps because of the network, or not now (RFC 9110 section 15.6). Without such a name, port or valid certificate the answer is clear. */
function saysNothing(answer: DocumentAnswer): boolean {
  if (answer.type === 'notThere') return answer.status >= 500 || answer.status === 429;
  return answer.type === 'failed' && undecided.has(answer.cause);
}

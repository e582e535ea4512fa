// RFC 6186, RFC 8314 section 5.1: mail programs find the ports by SRV. Asked only where the domain was named: a guessed one proves nothing.

import { fail, type HostCheck, note, pass, skip, unknown } from './check.ts';

export const srvRecords: HostCheck = {
  id: 'srv-records',
  ...{ role: 'msa', level: 'SHOULD', source: 'RFC 6186 section 3.1, RFC 8314 section 5.1', on: 'host' },
  requirements: ['TLS-t', 'C-SRV-7'],
  title: 'SRV records lead to the submission ports',
  why: 'Mail programs guess a server and a port otherwise, and try the wrong ones first.',
  mend: { postern: 'postern dns prints the records' },
  async run({ target, records }) {
    if (target.domainIsGuess) return skip('the domain was not named (--domain)');
    const answers = await Promise.all(
      ['_submissions', '_submission'].map(async (label) => {
        const name = `${label}._tcp.${target.domain}`;
        return { name, answer: await records.lookup(name, 'SRV') };
      }),
    );
    const seen = answers
      .map(({ name, answer }) =>
        answer.type === 'failed'
          ? `${name}: no answer (${answer.cause})`
          : `${name}: ${answer.records.join(', ') || 'none'}`,
      )
      .join(' · ');
    if (answers.some(({ answer }) => answer.type === 'failed')) return unknown(seen);
    const found = answers.flatMap(({ answer }) => (answer.type === 'answer' ? answer.records : []));
    if (found.length === 0) return fail(seen);
    const leadsHere = found.some((record) => {
      const [, , port, host = ''] = record.split(' ');
      const isHost = [target.host, target.name].includes(host.replace(/\.$/, '').toLowerCase());
      return isHost && target.ports.some((own) => String(own.port) === port);
    });
    return leadsHere ? pass(seen) : note(`they lead to another host or port: ${seen}`);
  },
};

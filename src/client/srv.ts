// Submission servers by SRV records: `_submissions` (implicit TLS) and `_submission` (STARTTLS) of RFC 6186 and RFC 8314 section 5.1, in the
// order of RFC 2782. The DNS is not believed about who a server is: without DNSSEC its certificate must be for the domain that was asked for,
// or its name must lie in that domain, or somebody confirms it (RFC 6186 section 6).

import type { Entropy } from '../platform/platform.ts';
import type { RecordAnswer, RecordSource } from '../platform/record-lookup.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import { foreignDomainOf } from './domain.ts';
import type { Candidate } from './server.ts';

export interface SrvFinding {
  readonly candidates: readonly Candidate[];
  /** Of which TLS modes the domain says that there are none (target `.`). */
  readonly notOffered: ReadonlySet<Candidate['tls']>;
  /** One for each question, in words. */
  readonly details: readonly { readonly question: string; readonly answer: string }[];
}

interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** Implicit TLS is preferred among what is offered (RFC 8314 section 5.1), whatever the priorities across the two names. */
const services = [
  { label: '_submissions', tls: 'implicit' },
  { label: '_submission', tls: 'starttls' },
] as const;

const RECORDS_MAX = 50;

/** `domain`: lower-case A-labels. */
export async function findBySrv(
  domain: string,
  records: RecordSource,
  entropy: Entropy,
): Promise<SrvFinding> {
  const answers = await Promise.all(
    services.map(({ label }) => records.lookup(`${label}._tcp.${domain}`, 'SRV')),
  );
  const candidates: Candidate[] = [];
  const notOffered = new Set<Candidate['tls']>();
  const details: { question: string; answer: string }[] = [];
  services.forEach(({ label, tls }, at) => {
    const answer = answers[at] ?? { type: 'failed', cause: 'no answer' };
    const found = readRecords(answer);
    if (found.some(({ target }) => target === '.')) notOffered.add(tls);
    const usable = orderOf(
      found.filter(({ target }) => target !== '.'),
      entropy,
    );
    candidates.push(...usable.map((record) => candidateOf(record, tls, domain, label)));
    details.push({ question: `SRV ${label}._tcp.${domain}`, answer: tell(answer, found) });
  });
  return { candidates, notOffered, details };
}

function readRecords(answer: RecordAnswer): readonly SrvRecord[] {
  if (answer.type === 'failed') return [];
  return answer.records.slice(0, RECORDS_MAX).flatMap((text) => {
    const match = /^(\d{1,5}) (\d{1,5}) (\d{1,5}) (\S{1,255})$/.exec(text);
    const [, priority, weight, port, name = ''] = match ?? [];
    const target = name === '.' ? '.' : canonicalDomain(name.replace(/\.$/, ''));
    const read = { priority: Number(priority), weight: Number(weight), port: Number(port) };
    const isRight = match !== null && target !== undefined && read.port <= 65_535;
    return isRight && (read.port > 0 || target === '.') ? [{ ...read, target }] : [];
  });
}

function tell(answer: RecordAnswer, found: readonly SrvRecord[]): string {
  if (answer.type === 'failed') return `could not be asked: ${answer.cause}`;
  if (answer.records.length === 0) return 'nothing is there';
  if (found.length === 0) return 'no record is well-formed';
  return found.map(({ target, port }) => (target === '.' ? 'not offered' : `${target}:${port}`)).join(', ');
}

/** Lower priority first; among equals chance decides by weight (RFC 2782). */
function orderOf(records: readonly SrvRecord[], entropy: Entropy): readonly SrvRecord[] {
  const ordered: SrvRecord[] = [];
  for (const priority of [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b)) {
    // Those without weight stand first, so that they have a small chance too.
    const left = records
      .filter((record) => record.priority === priority)
      .sort((a, b) => Math.min(a.weight, 1) - Math.min(b.weight, 1));
    while (left.length > 0) ordered.push(...left.splice(pick(left, entropy), 1));
  }
  return ordered;
}

function pick(records: readonly SrvRecord[], entropy: Entropy): number {
  const total = records.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = (Buffer.from(entropy.bytes(4)).readUInt32BE() / 2 ** 32) * (total + 1);
  let sum = 0;
  const at = records.findIndex(({ weight }) => (sum += weight) >= Math.floor(drawn));
  return Math.max(0, at);
}

function candidateOf(
  { target, port }: SrvRecord,
  tls: Candidate['tls'],
  domain: string,
  label: string,
): Candidate {
  const foreignDomain = foreignDomainOf(target, domain);
  return {
    ...{ host: target, port, tls, source: 'srv' },
    identities: { dns: [target, domain], srv: [`${label}.${domain}`] },
    ...(foreignDomain === undefined ? {} : { foreignDomain, needsConfirmation: true }),
  };
}

// The self-test that gates the start and each reload: hostile probes run against the same functions that decide
// live traffic, with the configured domains. A configuration that would relay for a stranger, or let one identity send as
// another, is not served. Each probe names the requirement and the RFC that it guards.

import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import type { Verdict } from '../protocol/refusal.ts';
import type { Principal, SenderRight } from '../record/identity.ts';
import { canonicalMailbox } from './address.ts';
import { decideMxMail, decideMxRecipient } from './mx-policy.ts';
import { leadsOnward } from './onward.ts';
import { type RelayProbe, relayProbes } from './self-test-paths.ts';
import { decideHeader, decideMail, decideRecipient, type SubmissionFacts } from './submission-policy.ts';

/** The part of the configuration that the probes need. */
export interface SelfTestFacts {
  readonly hostname: string;
  readonly domains: ReadonlySet<string>;
  readonly displayNames: 'refuse' | 'allow';
  readonly ownAddresses: readonly string[];
}

export interface ProbeFailure {
  /** e.g. `F-REL-1` */
  readonly requirement: string;
  readonly probe: string;
  /** The decision instead of the expected refusal (or acceptance). */
  readonly got: string;
  readonly source: string;
}

interface Probe {
  readonly requirement: string;
  readonly probe: string;
  readonly source: string;
  readonly expected: Verdict['type'];
  readonly verdict: Verdict;
}

// Names that can never be ours: `.invalid` is reserved (RFC 2606), and a configuration that claims it is refused below.
const STRANGER = 'stranger@relay-probe.invalid';

/** Empty: the policy holds. Pure and quick: it runs at every start and reload. */
export function hostileProbes(facts: SelfTestFacts): readonly ProbeFailure[] {
  const domainFailures = judgeDomains(facts.domains);
  const [domain] = facts.domains;
  if (domain === undefined || domainFailures.length > 0) return domainFailures;
  const probes = [
    ...relayProbesOn(facts, domain),
    ...strangerProbes(facts, domain),
    ...senderProbes(facts, domain),
    ...stateProbes(facts, domain),
  ];
  return probes.filter((probe) => probe.verdict.type !== probe.expected).map(failureOf);
}

function failureOf(probe: Probe): ProbeFailure {
  const { verdict } = probe;
  const reply = verdict.type === 'refused' ? verdict.refusal.reply : undefined;
  const got =
    reply === undefined ? 'accepted' : `${reply.code} ${reply.status ?? ''} ${reply.lines.join(' ')}`;
  return { requirement: probe.requirement, probe: probe.probe, source: probe.source, got };
}

/** Our domains are what everything else is compared with: each must be a whole, canonical, reachable name of its own. */
function judgeDomains(domains: ReadonlySet<string>): readonly ProbeFailure[] {
  const bad: ProbeFailure[] = [];
  const source = 'RFC 6409 section 4.2, BCP 134 section 3.2';
  const failure = (probe: string, got: string) =>
    bad.push({ requirement: 'BCP134-3.2-e', probe, got, source });
  if (domains.size === 0) failure('domains', 'no domain is configured');
  for (const domain of domains) {
    if (canonicalDomain(domain) !== domain)
      failure(`domain ${domain}`, 'it is not in canonical form (lower-case A-labels)');
    else if (!domain.includes('.'))
      failure(`domain ${domain}`, 'a single label would take in a whole top-level domain');
    else if (domain === 'invalid' || domain.endsWith('.invalid'))
      failure(`domain ${domain}`, 'no such domain can exist');
  }
  return bad;
}

/** F-REL: role mx, unauthenticated, whether the mailbox is said to exist or not; and each path once more on a submission port without AUTH. */
function relayProbesOn(facts: SelfTestFacts, domain: string): Probe[] {
  const options = { smtputf8: true, ownAddresses: facts.ownAddresses };
  return relayProbes(domain, facts.domains).flatMap(({ requirement, path, expected, ifItExists }) =>
    [['unknown', expected] as const, ['exists', ifItExists] as const].flatMap(([mailbox, wanted]) => [
      {
        requirement,
        probe: `role mx, RCPT TO:<${path}>, ${saidToBe[mailbox]}`,
        source: 'BCP 134 sections 3.2 and 4.1, RFC 5321 section 3.6.2',
        expected: wanted,
        verdict: decideMxRecipient(facts.domains, { forwardPath: path }, mailbox, facts.hostname, options)
          .verdict,
      },
      ...onSubmission(facts, domain, { requirement, path }, mailbox),
    ]),
  );
}

const saidToBe = { unknown: 'a name that nobody has', exists: 'a mailbox that is said to exist' } as const;

/** Without AUTH nothing is accepted; with it, no name of ours that leads elsewhere. */
function onSubmission(
  facts: SelfTestFacts,
  domain: string,
  { requirement, path }: Pick<RelayProbe, 'requirement' | 'path'>,
  mailbox: 'unknown' | 'exists',
): Probe[] {
  const from = { reversePath: `probe-own@${domain}`, smtputf8: true };
  const ask = (principal: Principal | undefined): Verdict =>
    decideRecipient({ ...submissionFacts(facts, principal), from, mailbox }, { forwardPath: path }, 0)
      .verdict;
  const probe = { requirement, expected: 'refused' } as const;
  const rcpt = `RCPT TO:<${path}>, ${saidToBe[mailbox]}`;
  const leadsOn = path.endsWith(`@${domain}`) && leadsOnward(canonicalMailbox(path)?.localPart ?? '');
  return [
    {
      ...probe,
      ...{ probe: `role submission without AUTH, ${rcpt}`, source: 'BCP 134 section 3.1' },
      verdict: ask(undefined),
    },
    ...(leadsOn
      ? [
          {
            ...probe,
            ...{ probe: `role submission, ${rcpt}`, source: 'RFC 5321 section 3.6.2' },
            verdict: ask(principalWith([{ kind: 'domain', domain }])),
          },
        ]
      : []),
  ];
}

/** Nothing that a stranger says of itself opens anything: not a sender of ours, not postmaster, not the null path. */
function strangerProbes(facts: SelfTestFacts, domain: string): Probe[] {
  const stranger = submissionFacts(facts, undefined);
  const reversePaths = ['', `postmaster@${domain}`, `alice@${domain}`, STRANGER];
  const probes: Probe[] = reversePaths.map((reversePath) => ({
    requirement: 'BCP134-3.1-d',
    probe: `without AUTH, MAIL FROM:<${reversePath}>`,
    source: 'BCP 134 section 3.1, RFC 6409 section 4.3',
    expected: 'refused',
    verdict: decideMail(stranger, { reversePath, smtputf8: true }).verdict,
  }));
  probes.push({
    requirement: 'BCP134-3.2-e',
    probe: `role mx, RCPT TO:<${STRANGER}> said to exist`,
    source: 'BCP 134 section 3.2',
    expected: 'refused',
    verdict: decideMxRecipient(facts.domains, { forwardPath: STRANGER }, 'exists', facts.hostname).verdict,
  });
  // What can't be delivered goes back to its sender: by a name of ours it would be led on from here.
  for (const localPart of ['user%far.example', 'far.example!user', '"user@far.example"']) {
    const reversePath = `${localPart}@${domain}`;
    probes.push({
      ...{ requirement: 'F-NULL-2', probe: `role mx, MAIL FROM:<${reversePath}>` },
      source: 'RFC 5321 section 3.6.2',
      expected: 'refused',
      verdict: decideMxMail(facts.domains, { reversePath, smtputf8: false }).verdict,
    });
  }
  for (const localPart of ['postmaster', 'abuse']) {
    probes.push({
      requirement: '5321-m',
      probe: `role mx, RCPT TO:<${localPart}@${domain}>`,
      source: 'RFC 5321 section 4.5.1',
      expected: 'accepted',
      verdict: decideMxRecipient(
        facts.domains,
        { forwardPath: `${localPart}@${domain}` },
        'unknown',
        facts.hostname,
      ).verdict,
    });
  }
  return probes;
}

/** F-FROM: an account of ours sends as itself and as nobody else, in the envelope and in every header sender. */
function senderProbes(facts: SelfTestFacts, domain: string): Probe[] {
  const own = `probe-own@${domain}`;
  const prober = submissionFacts(facts, principalWith([{ kind: 'address', address: own }]));
  const others = [
    `probe-other@${domain}`,
    `"probe-own@${domain}"@relay-probe.invalid`,
    `"probe-own+x@relay-probe.invalid"@${domain}`,
    `pr\u043ebe-own@${domain}`,
    STRANGER,
  ];
  const source = 'BCP 134 section 3.1, RFC 6409 sections 6.1 and 6.3';
  const probes: Probe[] = [
    {
      requirement: 'BCP134-3.1-e',
      probe: `MAIL FROM:<${own}> by its owner`,
      source,
      expected: 'accepted',
      verdict: decideMail(prober, { reversePath: own, smtputf8: false }).verdict,
    },
  ];
  for (const other of others) {
    const asOther = { address: other, displayName: '' };
    const asOwn = { address: own, displayName: '' };
    const header = { from: [asOwn], resent: [] };
    const cases: readonly (readonly [string, Verdict])[] = [
      [`MAIL FROM:<${other}>`, decideMail(prober, { reversePath: other, smtputf8: true }).verdict],
      [`From: ${other}`, decideHeader(prober, { ...header, from: [asOther] }).verdict],
      [`From: ${own}, ${other}`, decideHeader(prober, { ...header, from: [asOwn, asOther] }).verdict],
      [`Sender: ${other}`, decideHeader(prober, { ...header, sender: asOther }).verdict],
      [
        `Resent-From: ${other}`,
        decideHeader(prober, { ...header, resent: [{ field: 'Resent-From', addresses: [asOther] }] }).verdict,
      ],
    ];
    for (const [probe, verdict] of cases) {
      probes.push({
        requirement: 'F-FROM-0',
        probe: `${probe} by ${own}`,
        source,
        expected: 'refused',
        verdict,
      });
    }
  }
  return probes;
}

/** A suspended or removed identity submits nothing, although its session may still be open. */
function stateProbes(facts: SelfTestFacts, domain: string): Probe[] {
  const own = `probe-own@${domain}`;
  const principal = principalWith([{ kind: 'domain', domain }]);
  return (['suspended', 'removed'] as const).flatMap((state) => {
    const held = { ...submissionFacts(facts, principal), state };
    const sender = { address: own, displayName: '' };
    const verdicts = [
      decideMail(held, { reversePath: own, smtputf8: false }).verdict,
      decideRecipient({ ...held, from: { reversePath: own, smtputf8: false } }, { forwardPath: STRANGER }, 0)
        .verdict,
      decideHeader(held, { from: [sender], resent: [] }).verdict,
    ];
    return verdicts.map((verdict, at) => ({
      requirement: 'BCP134-3.1-f',
      probe: `${['MAIL', 'RCPT', 'header'][at] ?? ''} by a ${state} identity`,
      source: 'BCP 134 section 3.1',
      expected: 'refused' as const,
      verdict,
    }));
  });
}

function submissionFacts(facts: SelfTestFacts, principal: Principal | undefined): SubmissionFacts {
  return { principal, state: 'active', domains: facts.domains, displayNames: facts.displayNames };
}

function principalWith(rights: readonly SenderRight[]): Principal {
  return {
    identityId: 'self-test',
    login: 'self-test',
    proof: { kind: 'password', id: 'none', label: 'self-test' },
    mechanism: 'none',
    revision: 0,
    mailbox: false,
    rights,
    limits: {},
  };
}

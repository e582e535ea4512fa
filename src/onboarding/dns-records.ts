// The records that a domain should publish so that mail programs find us and receivers believe our mail, each with what happens without it.
// Pure: settings in, records out. SRV lists implicit TLS first (RFC 8314 section 4, requirements G-3); TLSA only where it is asked for,
// because it must not stand in a zone that is not signed (C-SRV-7).

import { dkimRecordName } from '../message/dkim/record-name.ts';
import { mtaStsId } from './mta-sts.ts';
import { pacc, paccDigest } from './pacc.ts';
import type { MailService, OnboardingSettings } from './settings.ts';

/** How a published record is compared with ours. */
export type Comparison =
  /** The same data. */
  | 'exact'
  /** SRV: the same port and target; the priorities may be the operator's own. */
  | 'service'
  /** The name leads to the addresses of the target, by CNAME or by itself. */
  | 'alias'
  /** The name has an address. */
  | 'address'
  /** Exactly one record of this kind that can be read; its content is the operator's choice. */
  | 'spf'
  | 'dmarc'
  /** The same policy (`id=`), in whatever words. */
  | 'sts'
  /** The same key, in whatever words (RFC 6376 section 3.6.1). */
  | 'dkim'
  | 'tlsrpt';

export interface WantedRecord {
  /** Absolute, with the final dot. */
  readonly name: string;
  readonly type: 'A' | 'CNAME' | 'SRV' | 'TXT' | 'TLSA';
  /** As in a zone file, but TXT without quotes. Empty: the value is for the operator to fill in. */
  readonly data: string;
  /** Missing or different is a negative answer only where it is needed. */
  readonly isNeeded: boolean;
  readonly compare: Comparison;
  /** One sentence: what happens without it. */
  readonly consequence: string;
}

/** A key that signs, with the text that has to stand in the DNS. */
export interface PublishedKey {
  readonly domain: string;
  readonly selector: string;
  readonly record: string;
}

export interface DnsOptions {
  /** Whether documents are served (`web:`). */
  readonly web: boolean;
  readonly spf?: string;
  readonly dkim?: readonly PublishedKey[];
  /** Where reports go. */
  readonly postmaster?: string;
  /** SHA-256 of each public key that our own name may be served with, hex; absent: no TLSA. */
  readonly publicKeyHashes?: readonly string[];
}

/** The records of this server's own name, then those of each domain. */
export function wantedRecords(settings: OnboardingSettings, options: DnsOptions): readonly WantedRecord[] {
  return [
    ...hostRecords(settings, options),
    ...settings.domains.flatMap((domain) => domainRecords(settings, options, domain)),
    ...dmarcReportRecords(settings.domains, options.postmaster),
  ];
}

function hostRecords(
  { hostname, outgoing }: OnboardingSettings,
  { publicKeyHashes = [] }: DnsOptions,
): readonly WantedRecord[] {
  return [
    {
      ...{ name: `${hostname}.`, type: 'A', data: '', isNeeded: true, compare: 'address' },
      consequence: 'No client can connect.',
    },
    ...outgoing.flatMap(({ port }) =>
      publicKeyHashes.map((hash) => ({
        ...{ name: `_${port}._tcp.${hostname}.`, type: 'TLSA' as const, data: `3 1 1 ${hash}` },
        ...{ isNeeded: true, compare: 'exact' as const },
        consequence:
          'Clients with DANE refuse the certificate if the record is another, and do not use DANE if it is missing.',
      })),
    ),
  ];
}

function domainRecords(
  settings: OnboardingSettings,
  options: DnsOptions,
  domain: string,
): readonly WantedRecord[] {
  return [
    ...serviceRecords(settings, domain),
    ...dkimRecords(options.dkim?.filter((key) => key.domain === domain) ?? []),
    ...trustRecords(settings, options, domain),
    ...(options.web ? webRecords(settings, domain) : []),
  ];
}

const labels = {
  smtp: { implicit: '_submissions', starttls: '_submission' },
  imap: { implicit: '_imaps', starttls: '_imap' },
  pop3: { implicit: '_pop3s', starttls: '_pop3' },
} as const;

/** RFC 6186, RFC 8314 section 5.1. */
function serviceRecords({ incoming, outgoing }: OnboardingSettings, domain: string): readonly WantedRecord[] {
  return [...outgoing, ...incoming].map((service: MailService) => {
    const [priority, weight] = service.tls === 'implicit' ? [0, 1] : [10, 1];
    return {
      name: `${labels[service.protocol][service.tls]}._tcp.${domain}.`,
      type: 'SRV',
      data: `${priority} ${weight} ${service.port} ${service.host}.`,
      ...{ isNeeded: true, compare: 'service' },
      consequence: `Mail programs that look for the ${service.protocol === 'smtp' ? 'submission' : service.protocol.toUpperCase()} server by SRV don't find it on port ${service.port}.`,
    };
  });
}

export function dkimRecords(keys: readonly PublishedKey[]): readonly WantedRecord[] {
  return keys.map(({ domain, selector, record }) => ({
    ...{ name: `${dkimRecordName(selector, domain)}.`, type: 'TXT', data: record, isNeeded: true },
    compare: 'dkim',
    consequence: 'Receivers can not verify our signatures; many refuse or mistrust the mail.',
  }));
}

function trustRecords(
  { hostname, mtaSts }: OnboardingSettings,
  { spf, postmaster, web }: DnsOptions,
  domain: string,
): readonly WantedRecord[] {
  const txt = { type: 'TXT' as const, isNeeded: true };
  const reports = postmaster === undefined ? '' : `; rua=mailto:${postmaster}`;
  return [
    {
      ...{ ...txt, name: `${domain}.`, data: spf ?? `v=spf1 mx a:${hostname} ~all` },
      compare: spf === undefined ? 'spf' : 'exact',
      consequence: 'Receivers can not tell our mail from forged mail and may refuse it.',
    },
    {
      ...{ ...txt, name: `_dmarc.${domain}.`, data: `v=DMARC1; p=none${reports}`, compare: 'dmarc' },
      consequence: 'Large receivers refuse bulk mail, and nobody is told what to do with forged mail.',
    },
    ...(postmaster === undefined
      ? []
      : [
          {
            ...{ ...txt, name: `_smtp._tls.${domain}.`, data: `v=TLSRPTv1; rua=mailto:${postmaster}` },
            ...{ isNeeded: false, compare: 'tlsrpt' as const },
            consequence: 'Nobody reports failures of TLS on the way to this domain.',
          },
        ]),
    ...(mtaSts === undefined || !web
      ? []
      : [
          {
            ...{ ...txt, name: `_mta-sts.${domain}.`, data: `v=STSv1; id=${mtaStsId(mtaSts)}` },
            compare: 'sts' as const,
            consequence: 'Senders do not fetch the MTA-STS policy, or go on with an old one.',
          },
          alias(`mta-sts.${domain}.`, hostname, 'Senders can not fetch the MTA-STS policy.'),
        ]),
  ];
}

/**
 * RFC 7489 section 7.1: who is asked for reports by another domain says that it wants them, or receivers send none. Domains of one
 * organisation need none; what is above or below the other counts as such.
 */
export function dmarcReportRecords(
  domains: readonly string[],
  postmaster: string | undefined,
): readonly WantedRecord[] {
  const host = postmaster?.slice(postmaster.lastIndexOf('@') + 1);
  if (host === undefined) return [];
  const isOne = (domain: string): boolean =>
    domain === host || domain.endsWith(`.${host}`) || host.endsWith(`.${domain}`);
  return domains
    .filter((domain) => !isOne(domain))
    .map((domain) => ({
      ...{ name: `${domain}._report._dmarc.${host}.`, type: 'TXT', data: 'v=DMARC1' },
      ...{ isNeeded: false, compare: 'exact' },
      consequence: `Receivers send no DMARC reports of ${domain}: ${host} does not say that it wants them.`,
    }));
}

function webRecords(settings: OnboardingSettings, domain: string): readonly WantedRecord[] {
  const { hostname } = settings;
  const document = pacc(settings, domain);
  return [
    alias(`autoconfig.${domain}.`, hostname, 'Thunderbird and its kin can not set themselves up.'),
    alias(`autodiscover.${domain}.`, hostname, 'Outlook can not set itself up.'),
    ...(document === undefined
      ? []
      : [
          alias(`ua-auto-config.${domain}.`, hostname, 'Mail programs with PACC can not set themselves up.'),
          {
            ...{ name: `_ua-auto-config.${domain}.`, type: 'TXT' as const, data: paccDigest(document) },
            ...{ isNeeded: true, compare: 'exact' as const },
            consequence: 'Mail programs with PACC do not believe the document.',
          },
        ]),
  ];
}

function alias(name: string, hostname: string, consequence: string): WantedRecord {
  return { name, type: 'CNAME', data: `${hostname}.`, isNeeded: true, compare: 'alias', consequence };
}

const STRING_OCTETS_MAX = 255;

/** One line of a zone file (RFC 1035 section 5); a record without data becomes a comment. */
export function zoneLine({ name, type, data }: WantedRecord): string {
  if (data === '') return `; ${name} IN A and AAAA: the addresses of this server`;
  return `${name} 3600 IN ${type} ${type === 'TXT' ? quoted(data) : data}`;
}

/** Character strings of at most 255 octets; readers put them together without a gap. */
function quoted(text: string): string {
  const parts = text.match(new RegExp(`[\\s\\S]{1,${STRING_OCTETS_MAX}}`, 'g')) ?? [''];
  return parts.map((part) => `"${part.replaceAll(/["\\]/g, '\\$&')}"`).join(' ');
}

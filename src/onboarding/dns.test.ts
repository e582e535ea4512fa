import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordAnswer, RecordSource } from '../platform/record-lookup.ts';
import { checkRecords } from './dns-check.ts';
import { type DnsOptions, wantedRecords, zoneLine } from './dns-records.ts';
import { outgoingServices, type OnboardingSettings } from './settings.ts';
import { sheetHtml, sheetOf, sheetText } from './sheet.ts';

const settings: OnboardingSettings = {
  hostname: 'msa.example.org',
  domains: ['example.org'],
  incoming: [],
  outgoing: outgoingServices('msa.example.org', [
    { port: 587, role: 'submission', tls: 'starttls' },
    { port: 465, role: 'submission', tls: 'implicit' },
  ]),
};
const whole: OnboardingSettings = {
  ...settings,
  incoming: [{ protocol: 'imap', host: 'imap.example.org', port: 993, tls: 'implicit' }],
  pacc: 'submit',
  mtaSts: { mode: 'enforce', mx: ['mx.example.org'], maxAgeSeconds: 604_800 },
};
const KEY = 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const options: DnsOptions = {
  web: true,
  postmaster: 'postmaster@example.org',
  dkim: [
    { domain: 'example.org', selector: 's1', record: KEY },
    { domain: 'example.net', selector: 's2', record: KEY },
  ],
};

const lines = (given: OnboardingSettings, how: DnsOptions): readonly string[] =>
  wantedRecords(given, how).map(zoneLine);

test('C-SRV-7 TLS-t G-3 BCP134-3.2-h: both ports by SRV, implicit TLS with the better priority; TLSA only where it is asked for', () => {
  const plain = lines(settings, { web: false });
  assert.ok(plain.includes('_submissions._tcp.example.org. 3600 IN SRV 0 1 465 msa.example.org.'));
  assert.ok(plain.includes('_submission._tcp.example.org. 3600 IN SRV 10 1 587 msa.example.org.'));
  assert.doesNotMatch(plain.join('\n'), /TLSA|autoconfig|_mta-sts|_smtp\._tls/);
  const signed = lines(settings, { web: false, publicKeyHashes: ['ab'.repeat(32), 'cd'.repeat(32)] });
  for (const port of [465, 587])
    for (const hash of ['ab'.repeat(32), 'cd'.repeat(32)])
      assert.ok(
        signed.includes(`_${port}._tcp.msa.example.org. 3600 IN TLSA 3 1 1 ${hash}`),
        `${port} ${hash}`,
      );
});

test('D-OUT-7: SPF, DMARC, reports and the names of the documents are listed as far as they are configured', () => {
  const zone = lines(whole, options).join('\n');
  for (const expected of [
    'example.org. 3600 IN TXT "v=spf1 mx a:msa.example.org ~all"',
    '_dmarc.example.org. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"',
    '_smtp._tls.example.org. 3600 IN TXT "v=TLSRPTv1; rua=mailto:postmaster@example.org"',
    `s1._domainkey.example.org. 3600 IN TXT "${KEY}"`,
    'autoconfig.example.org. 3600 IN CNAME msa.example.org.',
    'autodiscover.example.org. 3600 IN CNAME msa.example.org.',
    'mta-sts.example.org. 3600 IN CNAME msa.example.org.',
    '_imaps._tcp.example.org. 3600 IN SRV 0 1 993 imap.example.org.',
  ])
    assert.ok(zone.split('\n').includes(expected), expected);
  assert.doesNotMatch(zone, /s2\._domainkey/, 'of another domain');
  assert.match(zone, /^_mta-sts\.example\.org\. 3600 IN TXT "v=STSv1; id=[0-9a-f]{20}"$/m);
  assert.match(zone, /^_ua-auto-config\.example\.org\. 3600 IN TXT "v=UAAC1; a=sha256; d=[\w+/]{43}="$/m);
});

test('a TXT record over 255 octets is cut into strings, quotes are escaped', () => {
  const spf = `v=spf1 ${'include:a.example.net '.repeat(18)}-all`;
  const line = lines(settings, { web: false, spf }).find((one) => one.includes('spf1')) ?? '';
  const parts = [...line.matchAll(/"([^"]*)"/g)].map(([, part = '']) => part);
  assert.equal(parts.join(''), spf);
  assert.ok(parts.length === 2 && parts.every((part) => part.length <= 255));
});

/** `failed`: this name gets no answer. */
function zone(records: Readonly<Record<string, readonly string[] | 'failed'>>): RecordSource {
  return {
    async lookup(name, type): Promise<RecordAnswer> {
      const found = records[`${name} ${type}`] ?? [];
      return found === 'failed' ? { type: 'failed', cause: 'ETIMEOUT' } : { type: 'answer', records: found };
    },
  };
}

const good: Readonly<Record<string, readonly string[]>> = {
  'msa.example.org A': ['192.0.2.1'],
  '_submissions._tcp.example.org SRV': ['0 1 465 msa.example.org.'],
  '_submission._tcp.example.org SRV': ['10 1 587 msa.example.org.'],
  'example.org TXT': ['other=1', 'v=spf1 include:_spf.example.net -all'],
  '_dmarc.example.org TXT': ['v=DMARC1; p=reject'],
  // Another order, more tags, and the p= folded: the same key.
  's1._domainkey.example.org TXT': ['k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hc vPapiMlrwIaaPcHURo=; n=ours'],
  '_smtp._tls.example.org TXT': ['v=TLSRPTv1;rua=mailto:tls@example.org'],
  'autoconfig.example.org CNAME': ['msa.example.org.'],
  'autodiscover.example.org A': ['192.0.2.1'],
};

const checks: readonly {
  readonly why: string;
  readonly change: Readonly<Record<string, readonly string[] | 'failed'>>;
  /** Those that are not right: the name with its verdict. */
  readonly not: Readonly<Record<string, string>>;
}[] = [
  { why: 'all is there; the operator has a policy and a proxy of his own', change: {}, not: {} },
  {
    why: 'no address',
    change: { 'msa.example.org A': [] },
    not: { 'msa.example.org.': 'missing', 'autodiscover.example.org.': 'different' },
  },
  {
    why: 'another port',
    change: { '_submission._tcp.example.org SRV': ['0 1 25 msa.example.org.'] },
    not: { '_submission._tcp.example.org.': 'different' },
  },
  {
    why: 'other priorities are fine',
    change: { '_submission._tcp.example.org SRV': ['5 5 587 MSA.example.org.'] },
    not: {},
  },
  {
    why: 'the target "." says no',
    change: { '_submissions._tcp.example.org SRV': ['0 0 0 .'] },
    not: { '_submissions._tcp.example.org.': 'different' },
  },
  {
    why: 'no SPF among other TXT',
    change: { 'example.org TXT': ['other=1'] },
    not: { 'example.org.': 'missing' },
  },
  {
    why: 'two SPF',
    change: { 'example.org TXT': ['v=spf1 -all', 'v=spf1 mx -all'] },
    not: { 'example.org.': 'different' },
  },
  {
    why: 'SPF for everybody',
    change: { 'example.org TXT': ['v=spf1 mx +all'] },
    not: { 'example.org.': 'different' },
  },
  {
    why: 'no key',
    change: { 's1._domainkey.example.org TXT': [] },
    not: { 's1._domainkey.example.org.': 'missing' },
  },
  {
    why: 'another key',
    change: { 's1._domainkey.example.org TXT': ['v=DKIM1; k=ed25519; p=AAAA'] },
    not: { 's1._domainkey.example.org.': 'different' },
  },
  {
    why: 'a revoked key',
    change: { 's1._domainkey.example.org TXT': ['v=DKIM1; p='] },
    not: { 's1._domainkey.example.org.': 'different' },
  },
  {
    why: 'two keys under one name',
    change: { 's1._domainkey.example.org TXT': [KEY, 'v=DKIM1; p=BBBB'] },
    not: { 's1._domainkey.example.org.': 'different' },
  },
  {
    why: 'DMARC without a policy',
    change: { '_dmarc.example.org TXT': ['v=DMARC1; rua=mailto:a@b.example'] },
    not: { '_dmarc.example.org.': 'different' },
  },
  {
    why: 'legal records in other words',
    change: {
      'example.org TXT': ['V=spf1 redirect=_spf.example.org exp=why.example.org'],
      '_dmarc.example.org TXT': ['v = DMARC1 ; p = reject ;', 'other=1'],
    },
    not: {},
  },
  {
    why: 'DMARC that nobody reads',
    change: { '_dmarc.example.org TXT': ['v=dmarc1; p=none'] },
    not: { '_dmarc.example.org.': 'different' },
  },
  {
    why: 'DMARC beside one that nobody reads',
    change: { '_dmarc.example.org TXT': ['v=dmarc1; p=none', 'v=DMARC1; p=none'] },
    not: {},
  },
  {
    why: 'SPF with an error',
    change: { 'example.org TXT': ['v=spf1 ip4:192.0.2.300 -all'] },
    not: { 'example.org.': 'different' },
  },
  {
    why: 'no answer is not missing',
    change: { '_dmarc.example.org TXT': 'failed' },
    not: { '_dmarc.example.org.': 'unknown' },
  },
  {
    why: 'an alias to somewhere else',
    change: {
      'autoconfig.example.org CNAME': ['evil.example.'],
      'autoconfig.example.org A': ['198.51.100.1'],
    },
    not: { 'autoconfig.example.org.': 'different' },
  },
];

test('C-SRV-7 D-OUT-7: right, missing, different and could-not-tell are told apart, each with its consequence', async () => {
  for (const { why, change, not } of checks) {
    const checked = await checkRecords(wantedRecords(settings, options), zone({ ...good, ...change }));
    const wrong = checked.filter(({ verdict }) => verdict !== 'right');
    assert.deepEqual(
      Object.fromEntries(wrong.map(({ record, verdict }) => [record.name, verdict])),
      not,
      why,
    );
    for (const { record } of wrong) assert.match(record.consequence, /^[A-Z].*\.$/);
  }
});

test('BCP134-3.2-h: the sheet names both ports and the login, holds no password, and escapes what it shows', () => {
  const sheet = sheetOf({ ...whole, help: 'https://example.org/?a=1&b=2' }, `a&b"<i>@example.org`);
  const text = sheetText(sheet);
  assert.match(text, /Port: +465\n +Security: +SSL\/TLS[\s\S]*Port: +587\n +Security: +STARTTLS/);
  const html = sheetHtml(sheet);
  assert.match(html, /a&amp;b&quot;&lt;i&gt;@example\.org/);
  assert.doesNotMatch(html, /<i>|<script|src=|href="http/);
});

test('RFC 7489 section 7.1: reports that another domain is to get need its word, those of one organisation do not', () => {
  const names = (postmaster: string, ...domains: readonly string[]): readonly string[] =>
    lines({ ...settings, domains }, { web: false, postmaster }).filter((line) => line.includes('_report'));
  assert.deepEqual(names('pm@example.org', 'example.org', 'sub.example.org', 'example.net'), [
    'example.net._report._dmarc.example.org. 3600 IN TXT "v=DMARC1"',
  ]);
  assert.deepEqual(names('pm@mail.example.org', 'example.org'), []);
  assert.deepEqual(
    lines(settings, { web: false }).filter((line) => line.includes('_report')),
    [],
  );
});

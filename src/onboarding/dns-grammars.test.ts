// Records of the DNS by their grammars: what is legal is right, whatever it looks like, and what receivers ignore is not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spfFault } from './spf-record.ts';
import { dmarcFault, stsFault, tlsrptFault } from './tagged-records.ts';

type Vector = readonly [record: string, fault: RegExp | undefined];

const spf: readonly Vector[] = [
  // RFC 7208, sections 3, 5, 6, 7.4, appendix A.
  ['v=spf1 +mx a:colo.example.com/28 -all', undefined],
  ['v=spf1 a mx -all', undefined],
  ['v=spf1 a:example.org -all', undefined],
  ['v=spf1 mx/30 mx:example.org/30 -all', undefined],
  ['v=spf1 a/24//64 mx//128 -all', undefined],
  ['v=spf1 ptr -all', undefined],
  ['v=spf1 ptr:example.org ?all', undefined],
  ['v=spf1 ip4:192.0.2.128/28 ip6:2001:db8::/32 ip6:::1 -all', undefined],
  ['v=spf1 include:example.com include:example.net -all', undefined],
  ['v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -all', undefined],
  ['v=spf1 mx -all exp=explain._spf.%{d}', undefined],
  ['v=spf1 mx -all exp=explain._spf.%{d} unknown-1.x_y=any%_thing%%', undefined],
  ['v=spf1 redirect=_spf.example.com', undefined],
  ['v=spf1 redirect=_spf.example.com exp=why.example.org', undefined],
  ['v=spf1 redirect=_spf.example.com a mx', undefined],
  ['v=spf1 -all unknown=', undefined],
  ['V=SPF1  MX   INCLUDE:Example.COM  ~ALL  ', undefined],
  ['v=spf1 include:_spf.example.net. -all', undefined],
  ['v=spf1 include:a.xn--p1ai include:%{d2} -all', undefined],
  ['v=spf1 -all +all', undefined],
  ['v=spf1 -all redirect=_spf.example.com', undefined],
  ['v=spf1', /no end/],
  ['v=spf1 mx', /no end/],
  ['v=spf1 a mx exp=explain.example.org', /no end/],
  ['v=spf1 +all', /everybody/],
  ['v=spf1 mx all', /everybody/],
  ['v=spf1 all redirect=_spf.example.com', /everybody/],
  ['v=spf1 mx, -all', /"mx,"/],
  ['v=spf1 ip4:192.0.2.300 -all', /ip4:192/],
  ['v=spf1 ip4:192.0.2.0/33 -all', /error/],
  ['v=spf1 ip4:192.0.2.0/024 -all', /error/],
  ['v=spf1 ip4 -all', /error/],
  ['v=spf1 ip6:192.0.2.1 -all', /error/],
  ['v=spf1 ip6:2001:db8::/129 -all', /error/],
  ['v=spf1 include -all', /error/],
  ['v=spf1 include: -all', /error/],
  ['v=spf1 include:example -all', /error/],
  ['v=spf1 include:example.123 -all', /error/],
  ['v=spf1 a: -all', /error/],
  ['v=spf1 a:/24 -all', /error/],
  ['v=spf1 a/33 -all', /error/],
  ['v=spf1 mx/24/64 -all', /error/],
  ['v=spf1 all: -all', /error/],
  ['v=spf1 -all.', /error/],
  ['v=spf1 --all', /error/],
  ['v=spf1 exists:%{x}.example.org -all', /error/],
  ['v=spf1 exists:%a.example.org -all', /error/],
  ['v=spf1 redirect= mx', /error/],
  ['v=spf1 redirect=a.example redirect=b.example', /twice/],
  ['v=spf1 exp=a.example exp=b.example -all', /twice/],
  ['v=spf1 nonsense -all', /nonsense/],
  ['v=spf1 a mx ip4:192.0.2.1\t-all', /error/],
  [`v=spf1 ${Array.from({ length: 10 }, (_, at) => `include:_${at}.example.org`).join(' ')} -all`, undefined],
  [
    `v=spf1 mx ${Array.from({ length: 10 }, (_, at) => `include:_${at}.example.org`).join(' ')} -all`,
    /11 look-ups/,
  ],
];

const dmarc: readonly Vector[] = [
  // RFC 7489, appendix B, and its grammar.
  ['v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com', undefined],
  [
    'v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@thirdparty.example.net',
    undefined,
  ],
  [
    'v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net!10m; pct=25',
    undefined,
  ],
  ['v = DMARC1 ; p = reject ;', undefined],
  ['v=DMARC1;p=REJECT', undefined],
  ['V=DMARC1; P=None', undefined],
  ['v=DMARC1; p=none; sp=reject; adkim=s; aspf=r; fo=0:1:d:s; ri=86400; rf=afrf; x=unknown y', undefined],
  ['v=DMARC1; rua=mailto:a@example.org; p=none', undefined],
  ['v=dmarc1; p=none', /capitals/],
  ['v=DMARC1', /no valid p=/],
  ['v=DMARC1; rua=mailto:a@b.example', /no valid p=/],
  ['v=DMARC1; p=deny', /no valid p=/],
  ['v=DMARC1; p=', /no valid p=/],
  ['v=DMARC1; p=none; sp=maybe', /sp=/],
  ['v=DMARC1; p=none; pct=101', /pct=/],
  ['v=DMARC1; p=none; rua=a@example.org', /rua=/],
  ['v=DMARC1; p=none; none', /"none" is no tag/],
  ['v=DMARC1; p=none;; pct=5', /is no tag/],
  ['v=DMARC1; p=none; p=reject', /twice/],
];

const WANTED = 'v=STSv1; id=abc123';
const sts: readonly Vector[] = [
  // RFC 8461 section 3.1.
  ['v=STSv1; id=abc123;', undefined],
  ['v=STSv1;id=abc123', undefined],
  ['v=STSv1 ;\tid=abc123 ; x-1.y_z=a:b/c', undefined],
  ['v=STSv1; ext=1; id=abc123', undefined],
  ['v=STSv1; id=20160831085700Z', /another policy/],
  ['v=STSv1', /no valid id=/],
  ['v=STSv1; id=', /error/],
  ['v=STSv1; id=a-b', /no valid id=/],
  [`v=STSv1; id=${'a'.repeat(33)}`, /no valid id=/],
  ['v=stsv1; id=abc123', /version/],
  ['v=STSv1; ID=abc123', /no valid id=/],
  ['v=STSv1; id =abc123', /error/],
  ['v=STSv1; id=abc123; ext=a=b', /error/],
];

const tlsrpt: readonly Vector[] = [
  // RFC 8460 section 3.
  ['v=TLSRPTv1;rua=mailto:reports@example.com', undefined],
  ['v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt', undefined],
  ['v=TLSRPTv1 ; rua=mailto:a@example.com , https://b.example/x ; ext=1 ;', undefined],
  ['v=TLSRPTv1; ext=1; rua=mailto:a@example.com', undefined],
  ['v=TLSRPTv1', /rua=/],
  ['v=TLSRPTv1; rua=a@example.com', /rua=/],
  ['v=TLSRPTv1; rua=mailto:', /rua=/],
  ['v=TLSRPTv1; rua=ftp://example.com/', /rua=/],
  ['v=TLSRPTv1; rua=mailto:a@example.com!10m', /rua=/],
  ['v=tlsrptv1; rua=mailto:a@example.com', /version/],
  ['v=TLSRPTv1; rua', /error/],
];

for (const [name, vectors, judge] of [
  ['SPF', spf, spfFault],
  ['DMARC', dmarc, dmarcFault],
  ['MTA-STS', sts, (record: string) => stsFault(record, WANTED)],
  ['TLSRPT', tlsrpt, tlsrptFault],
] as const)
  test(`D-OUT-7: ${name} records are read by their grammar`, () => {
    for (const [record, fault] of vectors) {
      const found = judge(record);
      if (fault === undefined) assert.equal(found, undefined, record);
      else assert.match(found ?? 'nothing wrong', fault, record);
    }
  });

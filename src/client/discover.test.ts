// Which server, in which order, and why: a table over what the user said, what is remembered, what is published.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { RecordAnswer } from '../platform/record-lookup.ts';
import type { DocumentAnswer } from '../platform/web-document.ts';
import { discover, type Discovery } from './discover.ts';
import { SubmissionError } from './errors.ts';
import { processMemory } from './memory.ts';
import type { DiscoveryOptions } from './options.ts';
import type { ClientPorts } from './ports.ts';
import type { Candidate } from './server.ts';

const ADDRESS = 'alice@example.org';
const DAY = 86_400_000;
type Zone = Readonly<Record<string, readonly string[] | 'fails'>>;

interface World {
  readonly zone?: Zone;
  /** By URL without its query. */
  readonly documents?: Readonly<Record<string, string | DocumentAnswer>>;
}

const asked: string[] = [];

function portsOf({ zone = {}, documents = {} }: World, clock = virtualClock(0)): ClientPorts {
  return {
    clock,
    network: { dial: () => assert.fail('discovery connects to no mail server') },
    entropy: { bytes: (length) => new Uint8Array(length) },
    records: {
      async lookup(name, type): Promise<RecordAnswer> {
        asked.push(`${type} ${name}`);
        const records = zone[name] ?? [];
        return records === 'fails' ? { type: 'failed', cause: 'ESERVFAIL' } : { type: 'answer', records };
      },
    },
    documents: {
      async fetch(url): Promise<DocumentAnswer> {
        asked.push(`GET ${url}`);
        const found = documents[url.replace(/\?.*/, '')];
        if (found === undefined) return { type: 'notThere', status: 404 };
        return typeof found === 'string' ? { type: 'document', bytes: Buffer.from(found) } : found;
      },
    },
    networkPlace: () => 'home',
  };
}

function find(world: World, options: DiscoveryOptions = {}, address = ADDRESS): Promise<Discovery> {
  asked.length = 0;
  return discover(address, { ports: portsOf(world), ...options });
}

const brief = ({ host, port, tls }: Candidate): string =>
  `${host}:${port}${tls === 'implicit' ? ' implicit' : ''}`;
const implicit = (host: string): Candidate => ({
  host,
  port: 465,
  tls: 'implicit',
  source: 'srv',
  identities: { dns: [host], srv: [] },
});
const list = ({ candidates }: Discovery): readonly string[] => candidates.map(brief);

const srv: Zone = {
  '_submissions._tcp.example.org': ['0 1 465 msa.example.org.'],
  '_submission._tcp.example.org': ['10 1 587 msa.example.org.'],
};

interface Server {
  readonly host?: string;
  readonly port?: number;
  readonly socketType?: string;
  readonly more?: string;
}

const config = (...servers: readonly Server[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1"><emailProvider id="example.org"><domain>example.org</domain>${servers
    .map(
      ({ host = 'auto.example.org', port = 587, socketType = 'STARTTLS', more = '' }) =>
        `<outgoingServer type="smtp"><hostname>${host}</hostname><port>${port}</port><socketType>${socketType}</socketType>${more}</outgoingServer>`,
    )
    .join('')}</emailProvider></clientConfig>`;
const AUTOCONFIG = 'https://autoconfig.example.org/mail/config-v1.1.xml';
const WELL_KNOWN = 'https://example.org/.well-known/autoconfig/mail/config-v1.1.xml';

test('C-ORD-1 BCP134-3.2-f BCP134-3.2-g BCP134-3.1-c G-3: with a host and nothing else 587 stands first, then 465, then what was configured', async () => {
  const found = await find({}, { host: 'MSA.example.org.' });
  assert.deepEqual(list(found), ['msa.example.org:587', 'msa.example.org:465 implicit']);
  const more = await find({}, { host: 'msa', extraPorts: [{ port: 2525, tls: 'starttls' }] });
  assert.deepEqual(list(more), ['msa:587', 'msa:465 implicit', 'msa:2525']);
  assert.equal(asked.length, 0, 'the DNS is not asked for services of a host that was named');
});

test('C-ORD-1 BCP134-3.2-g BCP134-4-b: with an address and nothing published each likely host is tried on 587, then 465, never on 25', async () => {
  const found = await find({});
  assert.deepEqual(list(found), [
    ...['smtp.example.org:587', 'smtp.example.org:465 implicit'],
    ...['mail.example.org:587', 'mail.example.org:465 implicit'],
    ...['example.org:587', 'example.org:465 implicit'],
  ]);
});

test('C-ORD-2 G-3: the profile implicit-first reverses the default list and nothing else', async () => {
  const profile = 'implicit-first';
  assert.deepEqual(list(await find({}, { host: 'msa', profile })), ['msa:465 implicit', 'msa:587']);
  const published = { zone: { '_submission._tcp.example.org': ['0 1 587 msa.example.org.'] } };
  assert.deepEqual(list(await find(published, { profile })), ['msa.example.org:587']);
});

test('C-ORD-3: precedence is setting, memory, SRV, autoconfig, default list, in all 32 combinations', async () => {
  const remembered = {
    candidate: implicit('last.example.org'),
    ...{ isPreferred: true, at: 0, networkPlace: 'home' },
  };
  let combinations = 0;
  for (const explicit of [true, false])
    for (const known of [true, false])
      for (const bySrv of [true, false])
        for (const byDocument of [true, false])
          for (const profile of ['standard', 'implicit-first'] as const) {
            const memory = processMemory();
            if (known) await memory.remember(ADDRESS, remembered);
            const found = await find(
              { zone: bySrv ? srv : {}, documents: byDocument ? { [AUTOCONFIG]: config({}) } : {} },
              { memory, profile, ...(explicit ? { host: 'said.example.org', port: 2587 } : {}) },
            );
            const first = profile === 'standard' ? 'smtp.example.org:587' : 'smtp.example.org:465 implicit';
            const expected = explicit
              ? 'said.example.org:2587'
              : known
                ? 'last.example.org:465 implicit'
                : bySrv
                  ? 'msa.example.org:465 implicit'
                  : byDocument
                    ? 'auto.example.org:587'
                    : first;
            assert.equal(list(found)[0], expected);
            combinations += 1;
          }
  assert.equal(combinations, 32);
});

test('C-ORD-3: it tells what it asked, what came of it, and what was asked for nothing', async () => {
  const { steps } = await find({ zone: { '_submission._tcp.example.org': 'fails' } });
  assert.deepEqual(
    steps.map(({ source, question, answer }) => `${source}: ${question}: ${answer}`),
    [
      'srv: SRV _submissions._tcp.example.org: nothing is there',
      'srv: SRV _submission._tcp.example.org: could not be asked: ESERVFAIL',
      `autoconfig: GET ${AUTOCONFIG}: nothing is there (status 404)`,
      `autoconfig: GET ${WELL_KNOWN}: nothing is there (status 404)`,
      'default: the default list: smtp.example.org:587, smtp.example.org:465, mail.example.org:587, mail.example.org:465, example.org:587, example.org:465',
    ],
  );
});

test('C-ORD-5: a second choice is remembered for a day and for this network, the best one for good', async () => {
  const clock = virtualClock(1000);
  let place = 'home';
  const look = async (isPreferred: boolean): Promise<string | undefined> => {
    const memory = processMemory();
    const candidate = implicit('second.example.org');
    await memory.remember(ADDRESS, { candidate, isPreferred, at: 1000, networkPlace: 'home' });
    const ports = { ...portsOf({ zone: srv }, clock), networkPlace: () => place };
    return list(await discover(ADDRESS, { memory, ports }))[0];
  };
  assert.equal(await look(false), 'second.example.org:465 implicit');
  place = 'hotel';
  assert.equal(await look(false), 'msa.example.org:465 implicit');
  assert.equal(await look(true), 'second.example.org:465 implicit');
  place = 'home';
  clock.advance(DAY + 1);
  assert.equal(await look(false), 'msa.example.org:465 implicit');
  assert.equal(await look(true), 'second.example.org:465 implicit');
});

test('C-SRV-1: both names are asked, the port is the record’s, and a target "." means not offered', async () => {
  const both = await find({ zone: srv });
  assert.deepEqual(asked.toSorted(), [
    'SRV _submission._tcp.example.org',
    'SRV _submissions._tcp.example.org',
  ]);
  assert.deepEqual(list(both), ['msa.example.org:465 implicit', 'msa.example.org:587']);
  const oneOff = { ...srv, '_submissions._tcp.example.org': ['0 0 0 .'] };
  assert.deepEqual(list(await find({ zone: oneOff })), ['msa.example.org:587']);
  const nothingElse = { '_submissions._tcp.example.org': ['0 0 0 .'] };
  const left = list(await find({ zone: nothingElse }));
  assert.deepEqual(left, ['smtp.example.org:587', 'mail.example.org:587', 'example.org:587']);
  const off = { ...nothingElse, '_submission._tcp.example.org': ['0 0 0 .'] };
  await assert.rejects(find({ zone: off }), (error) => {
    assert.ok(error instanceof SubmissionError);
    assert.deepEqual([error.kind, error.retry], ['noServer', 'never']);
    return true;
  });
});

test('C-SRV-1 C-SRV-2: what is no record is not used, and does no harm', async () => {
  const zone = {
    '_submissions._tcp.example.org': ['x', '0 1 0 msa.example.org.', '0 1 99999 msa.example.org.'],
    '_submission._tcp.example.org': ['0 1 587 m\u0000sa.example.org.', '0 1 587 ok.example.org.'],
  };
  assert.deepEqual(list(await find({ zone })), ['ok.example.org:587']);
});

test('C-SRV-2: priorities are kept, and among equals weight decides by chance over 10,000 picks', async () => {
  const zone = {
    '_submissions._tcp.example.org': [
      '5 0 465 backup.example.org.',
      '1 30 465 b.example.org.',
      '1 10 465 a.example.org.',
      '1 0 465 zero.example.org.',
    ],
  };
  let seed = 1;
  const entropy = {
    bytes: (length: number) =>
      Uint8Array.from({ length }, () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) >>> 16),
  };
  const ports = { ...portsOf({ zone }), entropy };
  const firsts = new Map<string, number>();
  for (let round = 0; round < 10_000; round += 1) {
    const { candidates } = await discover(ADDRESS, { ports });
    const first = candidates[0]?.host ?? '';
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
    assert.equal(candidates.at(-1)?.host, 'backup.example.org');
  }
  const share = (host: string): number => (firsts.get(`${host}.example.org`) ?? 0) / 10_000;
  assert.ok(Math.abs(share('b') - 30 / 41) < 0.03, `b ${share('b')}`);
  assert.ok(Math.abs(share('a') - 10 / 41) < 0.03, `a ${share('a')}`);
  assert.ok(share('zero') > 0.005 && share('zero') < 0.06, `zero ${share('zero')}`);
});

test('C-SRV-2: implicit TLS is preferred even where the other name has the better priority', async () => {
  const zone = {
    '_submissions._tcp.example.org': ['20 1 465 msa.example.org.'],
    '_submission._tcp.example.org': ['0 1 587 msa.example.org.'],
  };
  assert.deepEqual(list(await find({ zone })), ['msa.example.org:465 implicit', 'msa.example.org:587']);
});

test('C-SRV-3: a target outside the domain is marked for confirmation, with the domain to show, never cut', async () => {
  const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.example`;
  const zone = {
    '_submissions._tcp.example.org': [
      '0 1 465 mail.evil.example.',
      `1 1 465 mail.${long}.`,
      '2 1 465 in.example.org.',
      '3 1 465 xexample.org.',
    ],
  };
  const { candidates } = await find({ zone });
  assert.deepEqual(
    candidates.map(({ foreignDomain, needsConfirmation }) => [foreignDomain, needsConfirmation]),
    [
      ['evil.example', true],
      [long, true],
      [undefined, undefined],
      ['xexample.org', true],
    ],
  );
});

test('C-SRV-4: the certificate must name the domain that was asked for, its service, or the target', async () => {
  const { candidates } = await find({ zone: srv });
  assert.deepEqual(
    candidates.map(({ identities }) => identities),
    [
      { dns: ['msa.example.org', 'example.org'], srv: ['_submissions.example.org'] },
      { dns: ['msa.example.org', 'example.org'], srv: ['_submission.example.org'] },
    ],
  );
});

test('C-AC-3 C-ORD-3: the configuration document is read over HTTPS, implicit TLS first, servers without TLS never', async () => {
  const document = config(
    { host: 'clear.example.org', port: 25, socketType: 'plain' },
    {},
    { host: 'oauth.example.org', more: '<authentication>OAuth2</authentication>' },
    {
      ...{ host: 'tls.example.org', port: 465, socketType: 'SSL' },
      more: '<authentication>OAuth2</authentication><authentication>password-cleartext</authentication><username>%EMAILLOCALPART%.%EMAILDOMAIN%</username>',
    },
  );
  const found = await find({ documents: { [AUTOCONFIG]: document } });
  assert.deepEqual(list(found), ['tls.example.org:465 implicit', 'auto.example.org:587']);
  assert.deepEqual(found.candidates[0]?.logins, ['alice.example.org']);
  assert.equal(found.candidates[1]?.logins, undefined, 'without one it is guessed');
  const answer = found.steps.at(-1)?.answer ?? '';
  assert.match(
    answer,
    /clear\.example\.org:25 without TLS: not used.*oauth\.example\.org:587 takes no password/,
  );
  assert.deepEqual(
    asked.filter((one) => one.startsWith('GET')),
    [`GET ${AUTOCONFIG}?emailaddress=alice%40example.org`],
  );
  const second = await find({ documents: { [WELL_KNOWN]: config({}) } });
  assert.deepEqual(list(second), ['auto.example.org:587']);
});

test('C-AC-3: a document may name servers elsewhere, and says so for people to see; its domain vouches by its certificate', async () => {
  const { candidates } = await find({ documents: { [AUTOCONFIG]: config({ host: 'smtp.hoster.example' }) } });
  const [first] = candidates;
  assert.deepEqual(
    [first?.host, first?.foreignDomain, first?.needsConfirmation, first?.identities.dns],
    ['smtp.hoster.example', 'hoster.example', undefined, ['smtp.hoster.example']],
  );
});

const redirect = (location: string): DocumentAnswer => ({ type: 'redirect', location });

test('C-AC-2: redirects are followed inside the domain, over HTTPS, and not for ever', async () => {
  const moved = 'https://www.example.org/config.xml';
  const good = { [AUTOCONFIG]: redirect(moved), [moved]: config({}) };
  assert.deepEqual(list(await find({ documents: good })), ['auto.example.org:587']);
  const evil = 'https://example.org.evil.example/config.xml';
  for (const documents of [
    { [AUTOCONFIG]: redirect(evil), [evil]: config({}) },
    { [AUTOCONFIG]: redirect('http://www.example.org/config.xml') },
    { [AUTOCONFIG]: redirect(AUTOCONFIG) },
    { [AUTOCONFIG]: redirect('https://[') },
  ]) {
    assert.equal(list(await find({ documents }))[0], 'smtp.example.org:587');
    assert.ok(asked.length < 12 && !asked.includes(`GET ${evil}`));
  }
});

test('C-ORD-13 C-AC-3: what a document or the address puts into a login or a URL can’t break anything', async () => {
  const nasty = config({ more: '<username>a&#13;&#10;QUIT</username>' });
  const found = await find({ documents: { [AUTOCONFIG]: nasty } });
  assert.equal(found.candidates[0]?.logins, undefined);
  await find({}, {}, '"a&x=y#\\" "@example.org');
  assert.ok(asked.includes(`GET ${AUTOCONFIG}?emailaddress=%22a%26x%3Dy%23%5C%22%20%22%40example.org`));
});

test('C-SRV-1: an address literal and a name in another script are looked up as what they are', async () => {
  assert.deepEqual(list(await find({}, {}, 'a@[192.0.2.7]')), ['192.0.2.7:587', '192.0.2.7:465 implicit']);
  assert.equal(asked.length, 0);
  await find({}, {}, 'a@bücher.example');
  assert.ok(asked.includes('SRV _submission._tcp.xn--bcher-kva.example'));
});

test('C-ORD-13: options that are none are refused before anything is asked', async () => {
  for (const [address, options] of [
    ['alice', {}],
    ['alice@example.org\r\nQUIT', {}],
    [ADDRESS, { host: 'a b' }],
    [ADDRESS, { host: 'https://msa.example.org' }],
    [ADDRESS, { host: 'msa\r\n' }],
    [ADDRESS, { host: 'msa', port: 0 }],
    [ADDRESS, { host: 'msa', port: 1.5 }],
    [ADDRESS, { port: 587 }],
    [ADDRESS, { host: 'msa', tls: 'none' }],
    [ADDRESS, { profile: 'clear' }],
    [ADDRESS, { extraPorts: [{ port: 25, tls: 'plain' }] }],
  ] as const) {
    await assert.rejects(find({}, options as DiscoveryOptions, address), (error) => {
      assert.ok(error instanceof SubmissionError, `${address} ${JSON.stringify(options)}: ${String(error)}`);
      assert.equal(error.kind, 'badInput');
      return true;
    });
    assert.equal(asked.length, 0);
  }
});

// Combinations of keys that are each fine by themselves: which are refused, with the key, the reason and the way out, and which just pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY } from '../base/duration.ts';
import { ConfigError } from './find.ts';
import { parseConfig } from './load.ts';
import { configSchema, type Config } from './schema.ts';
import { unsafe } from './unsafe.ts';

interface Vector {
  readonly why: string;
  /** Over the smallest configuration. */
  readonly change: Readonly<Record<string, unknown>>;
  /** Path and words of each finding; none: it is allowed. */
  readonly findings: readonly (readonly [path: string, says: RegExp])[];
}

const smallest = {
  hostname: 'mail.example.org',
  domains: ['example.org'],
  tls: { cert: 'cert.pem', key: 'key.pem' },
  relay: { files: './outbox' },
};

function configOf(change: Readonly<Record<string, unknown>>): Config {
  return configSchema.parse({ ...smallest, ...change });
}

function check({ why, change, findings }: Vector): void {
  const found = unsafe(configOf(change));
  assert.deepEqual(
    found.map(({ path }) => path.join('.')),
    findings.map(([path]) => path),
    why,
  );
  findings.forEach(([, says], at) => assert.match(found[at]?.message ?? '', says, why));
}

const clear = /would take passwords in clear \(RFC 8314, BCP 134 section 5\): use starttls or implicit/;

const consoleInClear = /is no loopback address.*add `tls: true`.*ssh -L/;

const consoles: readonly Vector[] = [
  { why: 'the console as it is by itself', change: { console: {} }, findings: [] },
  { why: 'on the loopback of IPv6', change: { console: { address: '::1' } }, findings: [] },
  {
    why: 'behind a proxy of this machine that does TLS',
    change: { console: { origin: 'https://console.example.org' } },
    findings: [],
  },
  ...['192.0.2.1', '0.0.0.0', '::', '10.0.0.1', '2001:db8::127'].map((address) => ({
    ...{ why: `on ${address}`, change: { console: { address } } },
    findings: [['console.address', consoleInClear]] as const,
  })),
  { why: 'with TLS on all addresses', change: { console: { address: '::', tls: true } }, findings: [] },
  ...['http://console.example.org', 'http://127.0.0.1.example.org:8588', 'http://127.example'].map(
    (origin) => ({
      ...{ why: `in clear at ${origin}`, change: { console: { origin } } },
      findings: [['console.origin', /use https/]] as const,
    }),
  ),
  ...['http://127.0.0.1:9000', 'http://localhost:9000', 'http://[::1]:9000'].map((origin) => ({
    ...{ why: `in clear on loopback, ${origin}`, change: { console: { origin } }, findings: [] },
  })),
  {
    why: 'on the port of another listener',
    change: { console: { port: 8587 } },
    findings: [['console.port', /port 8587 of 127\.0\.0\.1 is taken already by http/]],
  },
];

const inClear: readonly Vector[] = [
  {
    why: 'submission without TLS',
    change: { listeners: [{ port: 587, tls: 'none' }] },
    findings: [['listeners.0.tls', clear]],
  },
  {
    why: 'on another port as well',
    change: { listeners: [{ port: 587 }, { port: 2525, tls: 'none' }] },
    findings: [['listeners.1.tls', clear]],
  },
  {
    why: 'on loopback as well: no exception',
    change: { listeners: [{ port: 2525, address: '127.0.0.1', tls: 'none' }] },
    findings: [['listeners.0.tls', clear]],
  },
  {
    why: 'role mx takes no passwords',
    change: { listeners: [{ port: 587 }, { port: 25, role: 'mx', tls: 'none' }] },
    findings: [],
  },
];

test('BCP134-5-c G-15 F-OPS-5: no submission listener without TLS, wherever it stands', () => {
  for (const vector of inClear) check(vector);
});

const missing587 =
  /submission on port 587 is missing \(BCP 134 section 3\.1 asks for it\): add `\{ port: 587 \}`/;

const taken = /is taken already by/;

const ports: readonly Vector[] = [
  {
    why: '465 alone, open to the world',
    change: { listeners: [{ port: 465, tls: 'implicit' }] },
    findings: [['listeners', missing587]],
  },
  {
    why: 'another port alone, on one public address',
    change: { listeners: [{ port: 2525, address: '192.0.2.1' }] },
    findings: [['listeners', missing587]],
  },
  {
    why: '587 on loopback alone offers nothing to others',
    change: {
      listeners: [
        { port: 587, address: '127.0.0.1' },
        { port: 465, tls: 'implicit' },
      ],
    },
    findings: [['listeners', missing587]],
  },
  {
    why: 'an mx listener on 587 is no submission',
    change: {
      listeners: [
        { port: 587, role: 'mx' },
        { port: 465, tls: 'implicit' },
      ],
    },
    findings: [['listeners', missing587]],
  },
  { why: 'other ports beside 587', change: { listeners: [{ port: 587 }, { port: 2525 }] }, findings: [] },
  {
    why: 'tests and demos on loopback may use any port',
    change: {
      listeners: [
        { port: 5587, address: '127.0.0.1' },
        { port: 5465, address: '::1', tls: 'implicit' },
      ],
    },
    findings: [],
  },
  { why: 'no submission at all', change: { listeners: [{ port: 25, role: 'mx' }] }, findings: [] },
  {
    why: 'the same port twice',
    change: { listeners: [{ port: 587 }, { port: 587, tls: 'implicit' }] },
    findings: [['listeners.1.port', /port 587 of all addresses is taken already by listeners\.0/]],
  },
  {
    why: 'the same port on two addresses',
    change: {
      listeners: [
        { port: 587, address: '192.0.2.1' },
        { port: 587, address: '2001:db8::1' },
      ],
    },
    findings: [],
  },
  {
    why: 'all of IPv4 and all of IPv6 by name: `::` is IPv6 alone then',
    change: {
      listeners: [
        { port: 587, address: '0.0.0.0' },
        { port: 587, address: '::' },
      ],
    },
    findings: [],
  },
  {
    why: 'one address, and all of its family',
    change: {
      listeners: [
        { port: 587, address: '192.0.2.1' },
        { port: 587, address: '0.0.0.0' },
      ],
    },
    findings: [['listeners.1.port', /of 0\.0\.0\.0 is taken already by listeners\.0 \(192\.0\.2\.1\)/]],
  },
  {
    why: 'one address, and all of them',
    change: { listeners: [{ port: 587, address: '2001:db8::1' }, { port: 587 }] },
    findings: [['listeners.1.port', taken]],
  },
  {
    why: 'one address in two spellings',
    change: {
      listeners: [
        { port: 587, address: '2001:db8::1' },
        { port: 587, address: '2001:DB8:0::1' },
        { port: 465, address: '::ffff:192.0.2.1' },
        { port: 465, address: '192.0.2.1' },
      ],
    },
    findings: [
      ['listeners.1.port', taken],
      ['listeners.3.port', taken],
    ],
  },
  {
    why: 'the port of the private HTTP',
    change: { listeners: [{ port: 587 }, { port: 8587 }] },
    findings: [['http.port', /port 8587 of 127\.0\.0\.1 is taken already by listeners\.1 \(all addresses\)/]],
  },
];

test('BCP134-3.1-a BCP134-3.2-a/2 BCP134-3.2-b F-OPS-5: submission that others can reach is on 587, and may be on other ports too', () => {
  for (const vector of ports) check(vector);
});

const retention = /at least 7d plus `relay\.expire`.*BCP 134 section 3\.1/;

const periods: readonly Vector[] = [
  {
    why: 'three days',
    change: { audit: { retention: '3d' } },
    findings: [['audit.retention', retention]],
  },
  {
    why: 'a week, but mail may still arrive five days later',
    change: { audit: { retention: '11d' } },
    findings: [['audit.retention', retention]],
  },
  { why: 'just enough', change: { audit: { retention: '12d' } }, findings: [] },
  {
    why: 'a longer queue asks for more',
    change: { relay: { files: 'out', expire: '24d' } },
    findings: [['audit.retention', retention]],
  },
  {
    why: 'a shorter queue asks for less',
    change: { relay: { files: 'out', expire: '1d' }, audit: { retention: '8d' } },
    findings: [],
  },
  {
    why: 'never less than the week, however short the queue',
    change: { relay: { files: 'out', expire: '1m' }, audit: { retention: '7d' } },
    findings: [['audit.retention', retention]],
  },
];

test('BCP134-3.1-j G-17 F-OPS-5: what may still arrive is traceable for a week more', () => {
  for (const vector of periods) check(vector);
});

test('BCP134-3.1-j: whatever the periods, what is accepted keeps the floor', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (days, expire) => {
      const config = configOf({
        relay: { files: 'out', expire: `${expire}d` },
        audit: { retention: `${days}d` },
      });
      assert.equal(unsafe(config).length === 0, config.audit.retention >= 7 * DAY + config.relay.expire);
    }),
    { numRuns: 300, seed: 134 },
  );
});

const needed = /one of `smarthost`, `lmtp` or `files` is needed/;

const impossible: readonly Vector[] = [
  {
    why: 'one user of this host as two accounts',
    change: {
      local: {
        socket: 'submit.sock',
        services: [
          { osUser: 'www-data', identity: 'web' },
          { osUser: 'backup', identity: 'backup' },
          { osUser: 'www-data', identity: 'shop' },
        ],
      },
    },
    findings: [['local.services.2.osUser', /www-data is bound twice: one user is one identity/]],
  },
  { why: 'nowhere to go', change: { relay: {} }, findings: [['relay', needed]] },
  {
    why: 'two ways at once',
    change: { relay: { files: 'out', smarthost: 'smtp://mta.internal' } },
    findings: [['relay', /only one of `smarthost`, `files` may be given/]],
  },
  {
    why: 'a route to nowhere',
    change: { relay: { files: 'out', routes: { 'example.net': {}, 'example.com': { lmtp: 'unix:/l' } } } },
    findings: [['relay.routes.example.net', needed]],
  },
  {
    why: 'a route of two ways',
    change: { relay: { files: 'out', routes: { 'example.net': { files: 'a', lmtp: 'unix:/l' } } } },
    findings: [['relay.routes.example.net', /only one of `lmtp`, `files` may be given/]],
  },
  ...[
    {
      relay: { smarthost: 'smtp://u@mta.internal', password: 'p', tls: 'none' },
      says: /never goes out in clear/,
    },
    {
      relay: { smarthost: 'smtp://u@mta.internal', password: 'p', tls: 'opportunistic' },
      says: /use `verified`/,
    },
    {
      relay: { smarthost: 'smtps://mta.internal', tls: 'required' },
      says: /TLS with a verified certificate/,
    },
    { relay: { lmtp: 'unix:/l', tls: 'required' }, says: /a Unix socket has no TLS/ },
    { relay: { files: 'out', tls: 'none' }, says: /makes no connection/ },
  ].map(({ relay, says }): Vector => ({
    why: JSON.stringify(relay),
    change: { relay },
    findings: [['relay.tls', says]],
  })),
  {
    why: 'TLS of a route as its URLs allow',
    change: {
      relay: {
        smarthost: 'smtp://u@mta.internal',
        password: 'p',
        tls: 'required',
        routes: {
          'example.net': { smarthost: 'smtp://mta.internal', tls: 'none' },
          'example.com': { lmtp: 'lmtp://mail.internal:24', tls: 'verified' },
          'b.example.com': { smarthost: 'smtps://mta.internal', tls: 'verified' },
        },
      },
    },
    findings: [],
  },
  ...[
    ...['203.0.113.5', '2001:db8::5', '0.0.0.0', '::'],
    ...['172.32.0.1', '172.15.0.1', '11.0.0.1', '192.169.0.1'],
  ].map((address): Vector => ({
    why: `in clear on the public address ${address}`,
    change: { web: { port: 80, tls: false, address } },
    findings: [['web.tls', /anybody on the way could name another server/]],
  })),
  ...['127.0.0.1', '::1', '172.16.0.9', '172.31.0.9', '192.168.0.9', 'fd00::9', 'fc00::9'].map(
    (address): Vector => ({
      why: `in clear on ${address}`,
      change: { web: { port: 8080, tls: false, address } },
      findings: [],
    }),
  ),
  {
    why: 'TLS without a certificate',
    change: { tls: undefined },
    findings: [['tls', /a certificate is needed: .*`postern init`/]],
  },
  {
    why: 'no TLS anywhere needs none',
    change: { tls: undefined, listeners: [{ port: 25, role: 'mx', tls: 'none' }] },
    findings: [],
  },
  {
    why: 'a header that is larger than its message',
    change: { limits: { message: '1MiB', header: '2MiB' } },
    findings: [['limits.header', /larger than the message limit/]],
  },
];

test('F-OPS-5: what can not be is refused before the start', () => {
  for (const vector of impossible) check(vector);
});

test('F-OPS-5: every unsafe combination is told at once, each with its line', () => {
  const text = [
    'hostname: mail.example.org',
    'domains: [example.org]',
    'relay: { files: out }',
    'tls: { cert: a, key: b }',
    'listeners:',
    '  - port: 465',
    '    address: 192.0.2.1',
    '    tls: none',
    'audit:',
    '  requireReason: true',
    '  retention: 3d',
  ].join('\n');
  assert.throws(
    () => parseConfig(text, '/etc/postern/postern.yaml'),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map((problem) => /^[^ ]+:\d+: [\w.]+: /.exec(problem)?.[0]),
        [
          '/etc/postern/postern.yaml:8: listeners.0.tls: ',
          '/etc/postern/postern.yaml:5: listeners: ',
          '/etc/postern/postern.yaml:11: audit.retention: ',
        ],
      );
      return true;
    },
  );
});

const webVectors: readonly Vector[] = [
  { why: 'with TLS on all addresses', change: { web: { port: 443 } }, findings: [] },
  {
    why: 'on the port of private HTTP',
    change: { web: { port: 8587 } },
    findings: [
      [
        'web.port',
        /port 8587 of all addresses is taken already by http \(127\.0\.0\.1\): give it another one/,
      ],
    ],
  },
  {
    why: 'on a port of SMTP',
    change: { web: { port: 465 } },
    findings: [['web.port', /port 465 of all addresses is taken already by listeners\.1/]],
  },
  {
    why: 'in clear on all addresses',
    change: { web: { port: 80, tls: false } },
    findings: [['web.tls', /anybody on the way could name another server/]],
  },
  {
    why: 'in clear behind a proxy',
    change: { web: { port: 8080, tls: false, address: '10.1.2.3' } },
    findings: [],
  },
  {
    why: 'TLS without a certificate',
    change: {
      tls: undefined,
      listeners: [{ port: 25, role: 'mx', tls: 'none' }],
      web: { port: 443 },
    },
    findings: [['web.tls', /it needs a certificate/]],
  },
  {
    why: 'PACC without 465',
    change: { listeners: [{ port: 587 }], onboarding: { pacc: 'submit' } },
    findings: [['onboarding.pacc', /names no port, so that clients take 465/]],
  },
];

test('C-AC-2 C-PACC-1 G-25: the public web listener stands alone and is never in clear on the open Internet', () => {
  for (const vector of webVectors) check(vector);
});

const proxyVectors: readonly Vector[] = [
  {
    why: 'networks of balancers, one address among them',
    change: { listeners: [{ port: 587, proxy: ['10.0.0.0/8', '2001:db8:7::/48', '192.0.2.7'] }] },
    findings: [],
  },
  {
    why: 'everybody of IPv4',
    change: { listeners: [{ port: 587, proxy: ['10.0.0.0/8', '0.0.0.0/0'] }] },
    findings: [['listeners.0.proxy.1', /is everybody, who could claim any address/]],
  },
  {
    why: 'everybody of IPv6',
    change: { listeners: [{ port: 587 }, { port: 465, tls: 'implicit', proxy: ['::/00'] }] },
    findings: [['listeners.1.proxy.0', /is everybody/]],
  },
];

test('not everybody may say whose a connection is', () => {
  for (const vector of proxyVectors) check(vector);
});

const key = (change: Readonly<Record<string, unknown>> = {}) => ({
  ...{ domain: 'example.org', selector: 'p2026a', key: 'dkim.pem' },
  ...change,
});

const dkimVectors: readonly Vector[] = [
  {
    why: 'two keys of one domain sign twice',
    change: { dkim: [key(), key({ selector: 'e1' })] },
    findings: [],
  },
  {
    why: 'a domain that is not ours',
    change: { dkim: [key({ domain: 'example.net' })] },
    findings: [['dkim.0.domain', /example\.net is none of our `domains`/]],
  },
  {
    why: 'the same selector twice, in other letters',
    change: { dkim: [key(), key({ selector: 'P2026A' })] },
    findings: [['dkim.1.selector', /listed twice/]],
  },
  {
    why: 'five signatures on each message',
    change: { dkim: ['a', 'b', 'c', 'd', 'e', 'f'].map((selector) => key({ selector })) },
    findings: [['dkim.4', /more than 4 keys/]],
  },
];

test('6409-8.5: keys are for our domains, each once, and few for each', () => {
  for (const vector of dkimVectors) check(vector);
});

test('6409-8.5: selectors and fields that can not be signed with or signed are refused', () => {
  const wrong: readonly (readonly [why: string, change: Readonly<Record<string, unknown>>, says: RegExp])[] =
    [
      ['no selector', { selector: '' }, /no selector/],
      ['a selector that is no name', { selector: 'a..b' }, /no selector/],
      ['a field that changes on the way', { headers: ['Received'] }, /changes on the way/],
      ['no field name', { headers: ['X Y'] }, /no name of a header field/],
    ];
  for (const [why, change, says] of wrong) {
    const { success, error } = configSchema.safeParse({ ...smallest, dkim: [key(change)] });
    assert.ok(!success, why);
    assert.match(error.message, says, why);
  }
  const parsed = configOf({ dkim: [key({ selector: 'Mail.P1', headers: ['X-Tenant'] })] });
  assert.deepEqual(parsed.dkim, [{ ...key({ selector: 'mail.p1', headers: ['x-tenant'] }), required: true }]);
});

test('the console is in clear on loopback alone', () => {
  for (const vector of consoles) check(vector);
});

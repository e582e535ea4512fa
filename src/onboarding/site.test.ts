import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { paccDigest } from './pacc.ts';
import { type OnboardingSettings, outgoingServices } from './settings.ts';
import { answer, type SiteAnswer, type SiteRequest } from './site.ts';
import { siteRequest } from './site-request.ts';

const outgoing = outgoingServices('msa.example.org', [
  { port: 587, role: 'submission', tls: 'starttls' },
  { port: 2465, role: 'submission', tls: 'implicit' },
  { port: 465, role: 'submission', tls: 'implicit' },
  { port: 25, role: 'mx', tls: 'starttls' },
]).filter(({ port }) => port !== 2465);

const bare: OnboardingSettings = {
  hostname: 'msa.example.org',
  domains: ['example.org', 'tenant2.example'],
  incoming: [],
  outgoing,
};
const whole: OnboardingSettings = {
  ...bare,
  displayName: 'Ann & <Bob>',
  incoming: [{ protocol: 'imap', host: 'imap.example.org', port: 993, tls: 'implicit' }],
  help: 'https://example.org/help?a=1&b=2',
  pacc: 'submit',
  mtaSts: { mode: 'testing', mx: ['mx.example.org'], maxAgeSeconds: 604_800 },
};

function ask(settings: OnboardingSettings, url: string, more: Partial<SiteRequest> = {}): SiteAnswer {
  const { host, pathname, search } = new URL(url);
  const asked = siteRequest({ method: 'GET', target: pathname + search, host, body: '' });
  assert.ok(asked !== undefined, url);
  return answer(settings, { ...asked, ...more });
}

const request = (address: string): string =>
  `<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>${address}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`;

function discover(body: string): SiteAnswer {
  return ask(bare, 'https://autodiscover.example.org/autodiscover/autodiscover.xml', {
    method: 'POST',
    body,
  });
}

test('G-3 BCP134-3.2-h: published services are TLS on 465 first, STARTTLS on 587 second, other ports after their like', () => {
  assert.deepEqual(
    outgoing.map(({ port, tls }) => [port, tls]),
    [
      [465, 'implicit'],
      [587, 'starttls'],
    ],
  );
});

test('C-AC-1 BCP134-3.2-h: autoconfig names both ports, in order, at both places, without a password that is sent in clear', () => {
  const first = ask(
    bare,
    'https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=alice@example.org',
  );
  assert.equal(first.status, 200);
  assert.match(first.headers['content-type'] ?? '', /^text\/xml/);
  assert.match(
    first.body,
    /<outgoingServer type="smtp">\s*<hostname>msa\.example\.org<\/hostname>\s*<port>465<\/port>\s*<socketType>SSL<\/socketType>[\s\S]*<port>587<\/port>\s*<socketType>STARTTLS<\/socketType>/,
  );
  assert.doesNotMatch(first.body, /plain|incomingServer/);
  assert.equal(ask(bare, 'https://example.org/.well-known/autoconfig/mail/config-v1.1.xml').body, first.body);
});

test('C-AC-1 F-AUTH-4: the same octets for an unknown user, without a user, and for any address', () => {
  const url = 'https://autoconfig.example.org/mail/config-v1.1.xml';
  const expected = ask(whole, `${url}?emailaddress=alice@example.org`);
  for (const other of ['', '?emailaddress=nobody@example.org', '?emailaddress=x@far.example'])
    assert.deepEqual(ask(whole, url + other), expected);
});

test('C-AC-2: junk in the address is not repeated, whatever it is', () => {
  const expected = ask(whole, 'https://autoconfig.example.org/mail/config-v1.1.xml');
  fc.assert(
    fc.property(fc.string({ maxLength: 4096, unit: 'binary' }), (junk) => {
      const query = new URLSearchParams({ emailaddress: junk });
      const url = 'https://autoconfig.example.org/mail/config-v1.1.xml';
      assert.deepEqual(ask(whole, url, { query }), expected);
    }),
  );
  for (const junk of ['"><x/>@example.org', 'a\r\nSet-Cookie: x@example.org', 'x'.repeat(4096)]) {
    const query = new URLSearchParams({ emailaddress: junk });
    const made = ask(whole, 'https://far.example/mail/config-v1.1.xml', { query });
    assert.doesNotMatch(made.body, /<x\/>|Set-Cookie|xxxx/);
  }
});

test('C-AC-2: a Host that is none of ours is served by the domain of the address, or not at all', () => {
  const url = 'https://msa.example.org/mail/config-v1.1.xml';
  assert.match(ask(bare, `${url}?emailaddress=dave@tenant2.example`).body, /<domain>tenant2\.example</);
  assert.equal(ask(bare, url).status, 404);
  assert.equal(ask(bare, `${url}?emailaddress=x@far.example`).status, 404);
  assert.equal(ask(bare, 'https://autoconfig.example.org.evil.example/mail/config-v1.1.xml').status, 404);
});

test('C-AD-1: Autodiscover answers a POST with SMTP settings, SPA off, and takes no password', () => {
  const { status, headers, body } = discover(request('Alice@Example.ORG'));
  assert.equal(status, 200);
  assert.match(headers['content-type'] ?? '', /^text\/xml/);
  assert.match(
    body,
    /<Type>SMTP<\/Type>[\s\S]*<Port>465<\/Port>[\s\S]*<SPA>off<\/SPA>[\s\S]*<Encryption>SSL<\/Encryption>[\s\S]*<Port>587<\/Port>[\s\S]*<Encryption>TLS<\/Encryption>/,
  );
  assert.match(body, /<LoginName>alice@example\.org<\/LoginName>/);
  assert.equal(headers['www-authenticate'], undefined);
  const nobody = discover(request('nobody@example.org')).body;
  assert.equal(nobody.replaceAll('nobody@', 'alice@'), body, 'F-AUTH-4: unknown users are like others');
});

const namespace = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006';
/** What programs send: each is alice@example.org. */
const spellings: readonly (readonly [body: string, why: string])[] = [
  [request('alice&#64;example.org'), 'a character reference'],
  [request('&#x61;lice@example.org'), 'a hexadecimal one'],
  [request('<![CDATA[alice@example.org]]>'), 'CDATA'],
  [request('al<!-- a & b <c> -->ice@example.org'), 'a comment inside'],
  [request('\r\n  alice@example.org\r\n'), 'white space around it'],
  [
    `\uFEFF<?xml version="1.0" encoding="utf-8"?>\r\n<!-- Outlook -->${request('alice@example.org').slice(21)}\n`,
    'a BOM, a comment in front',
  ],
  [
    `<a:Autodiscover xmlns:a="${namespace}"><a:Request><a:EMailAddress>alice@example.org</a:EMailAddress></a:Request></a:Autodiscover>`,
    'a prefix',
  ],
  [
    `<Autodiscover xmlns='${namespace}' ><Request ><LegacyDN>/o=&lt;EMailAddress&gt;</LegacyDN><EMailAddress xml:space="preserve" >alice@example.org</EMailAddress ></Request></Autodiscover>`,
    'blanks, attributes, other elements',
  ],
];

test('C-AD-1: a request is read as XML, in any spelling of XML', () => {
  const expected = discover(request('alice@example.org'));
  assert.match(expected.body, /<LoginName>alice@example\.org</);
  for (const [body, why] of spellings) assert.deepEqual(discover(body), expected, why);
  assert.match(
    discover(request('o&apos;brien+x@example.org')).body,
    /<LoginName>o&apos;brien\+x@example\.org</,
  );
  assert.match(discover(request('a&amp;b@example.org')).body, /<LoginName>a&amp;b@example\.org</);
});

test('C-AC-4: a request can make nobody expand or nest without end', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${request('&b;@example.org')}`;
  for (const body of [
    bomb,
    bomb.replace('<!DOCTYPE', '<!doctype'),
    request('<!ENTITY a "b">a@example.org'),
    `<?xml-stylesheet href="http://far.example/"?>${request('alice@example.org')}`,
    '<Autodiscover>'.repeat(2000),
    `<Autodiscover>${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</Autodiscover>`,
    '<!--'.repeat(4000),
    request('&#x0;@example.org'),
    request('&#xD800;@example.org'),
  ])
    assert.match(discover(body).body, /<ErrorCode>600</, body.slice(0, 60));
});

test('C-AD-1 C-AC-1: paths in any case, whole URLs as targets, a final dot of the host, and a plus in the address', () => {
  const from = (target: string, host: string, more: Partial<SiteRequest> = {}): SiteAnswer | undefined => {
    const asked = siteRequest({ method: more.method ?? 'GET', target, host, body: more.body ?? '' });
    return asked === undefined ? undefined : answer(whole, asked);
  };
  const post = { method: 'POST', body: request('alice@example.org') };
  for (const path of [
    '/AutoDiscover/AutoDiscover.xml',
    '/Autodiscover/Autodiscover.xml',
    '/AUTODISCOVER/autodiscover.XML',
  ])
    assert.match(from(path, 'autodiscover.example.org', post)?.body ?? '', /<LoginName>/, path);
  const expected = from('/mail/config-v1.1.xml', 'autoconfig.example.org');
  assert.equal(expected?.status, 200);
  for (const [target, host] of [
    ['/mail/config-v1.1.xml', 'autoconfig.example.org.'],
    ['/mail/config-v1.1.xml', 'AutoConfig.Example.ORG.:443'],
    ['http://autoconfig.example.org/mail/config-v1.1.xml', 'far.example'],
    ['HTTPS://autoconfig.example.org.:443/mail/config-v1.1.xml?emailaddress=x%40example.org', ''],
  ] as const)
    assert.deepEqual(from(target, host), expected, target);
  assert.equal(from('http://example.org', 'example.org')?.status, 404, 'the same as /');
  assert.equal(from('http://example.org?emailaddress=x', 'example.org')?.status, 404);
  for (const none of [
    'http://user@example.org/',
    'ftp://example.org/',
    '*',
    'example.org:443',
    'mail/config-v1.1.xml',
    '',
    'http:///x',
  ])
    assert.equal(from(none, 'example.org'), undefined, none);
  const profile = from('/apple.mobileconfig?emailaddress=alice+lists@example.org', 'msa.example.org');
  assert.match(profile?.body ?? '', />alice\+lists@example\.org</);
  assert.deepEqual(
    from('/apple.mobileconfig?emailaddress=alice%2Blists%40example.org', 'msa.example.org'),
    profile,
  );
  const mtaSts = from('/.well-known/mta-sts.txt', 'mta-sts.example.org.');
  assert.equal(mtaSts?.status, 200);
});

const broken: readonly { readonly body: string; readonly why: string; readonly code?: number }[] = [
  { body: '', why: 'empty' },
  { body: 'EMailAddress=alice@example.org', why: 'a form' },
  { body: request('alice@example.org').replace('</EMailAddress>', ''), why: 'not closed' },
  { body: request('<b>alice@example.org</b>'), why: 'markup inside' },
  { body: request('&a;@example.org'), why: 'an entity' },
  { body: `<!DOCTYPE x [<!ENTITY a "b">]>${request('alice@example.org')}`, why: 'C-AC-4: a DTD' },
  { body: request('a@example.org') + request('b@example.org'), why: 'two of them' },
  { body: request(`${'x'.repeat(10_000)}@example.org`), why: 'too long' },
  { body: request('x@far.example'), why: 'not our domain', code: 500 },
  { body: request('no address'), why: 'no address', code: 500 },
];

test('C-AD-1 C-AC-4: what is no request gets ErrorCode 600, a foreign address 500; nothing is repeated', () => {
  for (const { body, why, code = 600 } of broken) {
    const made = discover(body);
    assert.equal(made.status, 200, why);
    assert.match(made.body, new RegExp(`<ErrorCode>${code}</ErrorCode>`), why);
    assert.doesNotMatch(made.body, /alice|far\.example|xxxx|at .*\.ts/, why);
  }
  const got = ask(bare, 'https://autodiscover.example.org/autodiscover/autodiscover.xml');
  assert.deepEqual([got.status, got.headers['allow']], [405, 'POST']);
});

test('C-MC-1: a profile has port 465 with TLS, no password, stable ids, and escapes the name', () => {
  const url = 'https://msa.example.org/apple.mobileconfig?emailaddress=';
  const made = ask(whole, `${url}alice@example.org`);
  assert.equal(made.headers['content-type'], 'application/x-apple-aspen-config');
  assert.match(made.body, /OutgoingMailServerPortNumber<\/key>\s*<integer>465</);
  assert.match(made.body, /OutgoingMailServerUseSSL<\/key>\s*<true\/>/);
  assert.match(made.body, /Ann &amp; &lt;Bob&gt;/);
  assert.doesNotMatch(made.body, /<key>(Outgoing|Incoming)Password<\/key>/);
  assert.deepEqual(ask(whole, `${url}ALICE@example.org`), made);
  const uuids = (text: string): readonly string[] => text.match(/>[0-9A-F-]{36}</g) ?? [];
  assert.equal(new Set([...uuids(made.body), ...uuids(ask(whole, `${url}bob@example.org`).body)]).size, 4);
  assert.equal(ask(bare, `${url}alice@example.org`).status, 404, 'it needs an incoming server');
  assert.equal(ask(whole, `${url}alice@far.example`).status, 400);
});

test('C-PACC-1 C-PACC-3: the document is off by default, stable, and named by its digest; both keys can be chosen', () => {
  const url = 'https://ua-auto-config.example.org/.well-known/user-agent-configuration.json';
  assert.equal(ask(bare, url).status, 404);
  const { body } = ask(whole, url);
  assert.equal(ask(whole, url).body, body);
  const digest = createHash('sha256').update(Buffer.from(body)).digest('base64');
  assert.equal(paccDigest(body), `v=UAAC1; a=sha256; d=${digest}`);
  assert.deepEqual(JSON.parse(body), {
    protocols: { imap: { host: 'imap.example.org' }, submit: { host: 'msa.example.org' } },
    authentication: { password: true },
    info: {
      provider: { name: 'Ann & <Bob>', shortName: 'Ann & <Bob>' },
      help: { documentation: 'https://example.org/help?a=1&b=2' },
    },
  });
  assert.match(ask({ ...whole, pacc: 'smtp' }, url).body, /"smtp": \{/);
});

test('the MTA-STS policy is served by its own name alone, and only if there is one', () => {
  const url = 'https://mta-sts.example.org/.well-known/mta-sts.txt';
  assert.equal(
    ask(whole, url).body,
    'version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmax_age: 604800\r\n',
  );
  assert.equal(ask(whole, url.replace('mta-sts.example', 'example')).status, 404);
  assert.equal(ask(bare, url).status, 404);
});

test('nothing else is there: no metrics, no health, no names of objects', () => {
  for (const path of ['/', '/metrics', '/health', '/constructor', '/__proto__', '/mail/../health'])
    assert.equal(ask(whole, 'https://example.org/', { path }).status, 404, path);
});

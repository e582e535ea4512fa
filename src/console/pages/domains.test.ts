// Domains in the console: what the DNS says beside what it should, keys and how they are changed, sheets; each admin sees his own.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { failsWith, openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { dkimRecord } from '../../message/dkim/record.ts';
import type { RecordSource } from '../../platform/record-lookup.ts';
import type { Role } from '../../record/identity.ts';

const EVIL = '"><img src=x onerror=alert(1)>\u0000\u202e';
const RECORD = dkimRecord(generateKeyPairSync('ed25519').publicKey);

const dnsOf = (records: Readonly<Record<string, readonly string[]>>): RecordSource => ({
  lookup: (name, type) => Promise.resolve({ type: 'answer', records: records[`${name} ${type}`] ?? [] }),
});

async function begin(options: Parameters<typeof openOffice>[0] = {}, role: Role = 'admin') {
  const office = openOffice({
    domains: ['example.org', 'other.example'],
    extra: ['dkim: [{ domain: example.org, selector: s1, key: k.pem }]'],
    dkimKeys: async (domain) =>
      domain === 'example.org' ? [{ domain, selector: 's1', record: RECORD }] : [],
    ...options,
  });
  for (const login of ['alice@example.org', 'mallory@other.example'])
    await office.addAccount({ login, mailbox: true, allowReserved: true });
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enterAs({ who: 'dora@example.org', role, domains: ['example.org'] });
  return {
    ...{ ...desk, office, cookie },
    page: async (path: string) => (await desk.get(path, { cookie })).text(),
    act: (path: string, form: Readonly<Record<string, string>>) =>
      desk.post(path, { token, ...form }, { cookie }),
  };
}

const PAGE = '/domains/domain?name=example.org';

test('records are shown as they should be, and after the DNS was asked beside what it has', async () => {
  const records = dnsOf({
    's1._domainkey.example.org TXT': [RECORD],
    'example.org TXT': ['v=spf1 -all', 'v=spf1 ~all'],
    'msa.example.org A': ['192.0.2.1'],
  });
  const at = await begin({ records });
  assert.match(
    await at.page('/domains'),
    /example\.org[^]*DKIM, s1[^]*not asked[^]*other\.example[^]*not signed/,
  );
  assert.match(await at.page(PAGE), /not asked since the start[^]*_submissions\._tcp\.example\.org/);
  const asked = await at.act('/domains/check', { domain: 'example.org' });
  assert.deepEqual([asked.status, asked.headers.get('location')], [303, '/domains/domain?name=example.org']);
  const text = await at.page(PAGE);
  assert.match(text, /missing or different[^]*Asked/);
  assert.match(text, /s1\._domainkey\.example\.org[^]*right/);
  assert.match(text, /different[^]*there may be only one/);
  assert.match(await at.page('/domains'), /missing or different[^]*ago/);
});

test('whatever somebody published is shown as text', async () => {
  const records: RecordSource = {
    lookup: (_name, type) =>
      Promise.resolve({ type: 'answer', records: type === 'TXT' ? [EVIL, `v=DKIM1; p=${EVIL}`] : [EVIL] }),
  };
  const at = await begin({ records });
  await at.act('/domains/check', { domain: 'example.org' });
  // In an address it is refused.
  const inAddress = encodeURIComponent(EVIL.replaceAll('\0', ''));
  const told = [
    await at.page(PAGE),
    await (await at.act('/domains/selector', { domain: 'example.org', selector: 's1', record: EVIL })).text(),
    await (await at.act('/domains/check', { domain: EVIL })).text(),
    await (await at.act('/domains/selector', { domain: 'example.org', selector: EVIL })).text(),
    await at.page(`/domains/domain?name=${inAddress}`),
    await at.page(`/domains?after=${inAddress}`),
  ];
  for (const text of told) {
    assert.doesNotMatch(text, /<img|\u202e/);
    assert.match(text, /<main id="main"/);
  }
  assert.match(told[0] ?? '', /&lt;img/);
});

test('a key is changed step by step: what is published under its name is told, and compared', async () => {
  const fresh = dkimRecord(generateKeyPairSync('ed25519').publicKey);
  const records = dnsOf({
    's1._domainkey.example.org TXT': [RECORD],
    's2._domainkey.example.org TXT': [fresh.replace('; p', ';p')],
  });
  const at = await begin({ records });
  const steps = await at.page(PAGE);
  assert.match(
    steps,
    /Change the key[^]*postern dkim --domain example\.org --selector s\d{6}[^]*Once both sign, take <code>s1<\/code>/,
  );
  assert.match(
    await at.page('/domains/domain?name=other.example'),
    /Begin to sign[^]*postern dkim --domain other\.example/,
  );
  const look = async (form: Readonly<Record<string, string>>) =>
    (await at.act('/domains/selector', { domain: 'example.org', ...form })).text();
  assert.match(await look({ selector: 's3' }), /nothing is published[^]*It does not sign now/);
  assert.match(
    await look({ selector: 's2', record: fresh }),
    /published, as it was printed[^]*does not sign/,
  );
  assert.match(
    await look({ selector: 's2', record: `s2._domainkey.example.org. 3600 IN TXT "${fresh}"` }),
    /published, as it was printed/,
  );
  assert.match(await look({ selector: 's2', record: RECORD }), /published, but another record/);
  assert.match(await look({ selector: 's1' }), /published[^]*It signs now/);
  assert.equal((await at.act('/domains/selector', { domain: 'example.org', selector: 'a b' })).status, 400);
});

test('which of two keys is to rest is not told by the order of their lines', async () => {
  for (const selectors of [
    ['s1', 's2'],
    ['s2', 's1'],
  ]) {
    const at = await begin({
      dkimKeys: async (domain) => selectors.map((selector) => ({ domain, selector, record: RECORD })),
    });
    const rest = /Let the old key rest[^]*?<\/li>/.exec(await at.page(PAGE))?.[0] ?? '';
    for (const selector of selectors) assert.match(rest, new RegExp(`<code>${selector}</code>`));
    assert.match(rest, /take the one that signed before this change/);
  }
});

test('a DNS that does not answer, and keys that can not be read, are told', async () => {
  const records: RecordSource = { lookup: () => Promise.resolve({ type: 'failed', cause: 'ESERVFAIL' }) };
  const at = await begin({
    records,
    dkimKeys: () => Promise.reject(new Error('k.pem: there is no such file')),
  });
  await at.act('/domains/check', { domain: 'example.org' });
  assert.doesNotMatch(await at.page(PAGE), /state good/);
  assert.match(
    await at.page(PAGE),
    /\d+ not known[^]*ESERVFAIL[^]*They can&#39;t be read|They can't be read/,
  );
  const look = await at.act('/domains/selector', { domain: 'example.org', selector: 's1' });
  assert.match(await look.text(), /not known[^]*ESERVFAIL/);
});

test('no private key comes to the page, and no octet of it to the API', async () => {
  const at = await begin();
  const told = JSON.stringify([await at.office.showDomain({ domain: 'example.org' }), await at.page(PAGE)]);
  assert.doesNotMatch(told, /PRIVATE KEY|"pem"|k\.pem/);
});

test('a sheet for a person is saved as a file that holds no password and no script', async () => {
  const at = await begin();
  const answer = await at.act('/domains/sheet', { login: 'alice@example.org' });
  assert.match(answer.headers.get('content-disposition') ?? '', /attachment/);
  const text = await answer.text();
  assert.match(text, /Mail settings for alice@example\.org/);
  assert.match(text, /an app password of this program, else your mail password/);
  assert.doesNotMatch(text, /<script/);
  assert.equal((await at.act('/domains/sheet', { login: 'nobody@example.org' })).status, 404);
});

test('a domain admin sees his domains, and of others no more than of what there never was', async () => {
  const at = await begin({}, 'domainAdmin');
  const list = await at.page('/domains');
  assert.match(list, /example\.org/);
  assert.doesNotMatch(list, /other\.example/);
  const [foreign, absent] = await Promise.all(
    ['other.example', 'nowhere.example'].map(async (name) => {
      const shown = await at.get(`/domains/domain?name=${name}`, { cookie: at.cookie });
      const asked = await at.act('/domains/check', { domain: name });
      const selector = await at.act('/domains/selector', { domain: name, selector: 's1' });
      const words = /<section class="failure"[^]*<\/section>/.exec(await shown.text())?.[0];
      return [shown.status, asked.status, selector.status, words?.replaceAll(name, 'X')];
    }),
  );
  assert.deepEqual(foreign, absent);
  assert.equal(foreign?.[0], 404);
  assert.equal((await at.act('/domains/sheet', { login: 'mallory@other.example' })).status, 404);
  assert.equal((await at.act('/domains/sheet', { login: 'alice@example.org' })).status, 200);
  const user = await begin({}, 'user');
  assert.equal((await user.get('/domains', { cookie: user.cookie })).status, 403);
});

test('domains are listed in pages', async () => {
  const office = openOffice({ domains: ['c.example', 'a.example', 'b.example'] });
  const first = await office.listDomains({ max: 2 });
  assert.deepEqual(
    [first.domains.map(({ domain }) => domain), first.next],
    [['a.example', 'b.example'], 'b.example'],
  );
  const rest = await office.listDomains({ max: 2, after: 'b.example' });
  assert.deepEqual([rest.domains.map(({ domain }) => domain), rest.next], [['c.example'], undefined]);
  await assert.rejects(
    office.showDomain({ domain: 'x.example' }),
    failsWith('negative', /no domain x\.example here/),
  );
});

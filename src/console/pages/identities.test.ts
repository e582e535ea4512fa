// Accounts are found by what one knows of them, a page at a time, and no more of them than the role sees.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DORA, openAccountsDesk } from '../../../test/fakes/accounts-desk.ts';
import { EVIL } from '../../../test/fakes/desk-with-mail.ts';

const address = (text: string) => ({ kind: 'address', address: text }) as const;

const accounts = [
  ['alice@example.org', { rights: [address('alice@example.org'), address('team@example.org')] }],
  ['albert@other.example', { state: 'suspended', displayName: EVIL }],
  ['bob@example.org', { rights: [address('bob@example.org'), address('team@example.org')] }],
  ['eve@example.org', { state: 'removed', removedAt: 1 }],
  ['ticket-bot', { mailbox: false, role: 'desk' }],
] as const;

const loginsIn = (text: string): readonly string[] =>
  [...text.matchAll(/identity\?login=([^"]+)"/g)].map(([, login = '']) => decodeURIComponent(login));

for (const [query, expected] of [
  ['', ['albert@other.example', 'alice@example.org', 'bob@example.org', 'ticket-bot', 'eve@example.org']],
  ['?q=AL', ['albert@other.example', 'alice@example.org']],
  ['?q=alice@exa', ['alice@example.org']],
  ['?q=@other.example', ['albert@other.example']],
  ['?q=Example.org', ['alice@example.org', 'bob@example.org', 'eve@example.org']],
  ['?q=team@example.org', ['alice@example.org', 'bob@example.org']],
  ['?state=suspended', ['albert@other.example']],
  ['?q=example.org&state=removed', ['eve@example.org']],
  ['?q=nobody', []],
  ['?q=%25', []],
] as const)
  test(`accounts asked for by "${query}" are these, and no others`, async () => {
    const at = await openAccountsDesk(undefined, { accounts });
    assert.deepEqual(loginsIn(await at.page(`/identity${query}`)), expected);
  });

test('a whole login leads to its account at once', async () => {
  const at = await openAccountsDesk(undefined, { accounts });
  const text = await at.page('/identity?q=Alice@Example.org');
  assert.match(text, /<h2>alice@example\.org<\/h2>[^]*Credentials/);
});

test('fifty accounts stand on a page, and the next page goes on after them', async () => {
  const many = Array.from({ length: 60 }, (_, at) => [`u${at + 100}@example.org`] as const);
  const at = await openAccountsDesk(undefined, { accounts: many });
  const first = await at.page('/identity?q=u1');
  assert.equal(loginsIn(first).length, 50);
  const more = /href="(\/identity\?q=u1[^"]*after=[^"]*)"/.exec(first)?.[1] ?? '';
  assert.deepEqual(loginsIn(await at.page(more.replaceAll('&amp;', '&'))).length, 10);
});

test('a domain admin finds the accounts of his domains alone, whatever he asks for', async () => {
  const at = await openAccountsDesk(DORA, { accounts });
  const own = ['alice@example.org', 'bob@example.org', 'eve@example.org'];
  assert.deepEqual(loginsIn(await at.page('/identity')), own);
  for (const query of ['q=albert', 'q=other.example', 'q=@other.example', 'q=ticket', 'state=suspended']) {
    const text = await at.page(`/identity?${query}`);
    assert.deepEqual(loginsIn(text), [], query);
    assert.doesNotMatch(text, /albert@|ticket-bot/, query);
  }
  const outside = await at.page('/identity?login=albert@other.example');
  assert.equal(
    outside.replaceAll('albert@other.example', 'X'),
    (await at.page('/identity?login=absent@other.example')).replaceAll('absent@other.example', 'X'),
  );
  assert.doesNotMatch(
    await at.page('/identity?q=albert@other.example'),
    /onerror|suspended<\/span>\s*<\/td>/,
  );
});

test('who has no accounts to look after has no list of them', async () => {
  for (const actor of [
    { who: 'audit@example.org', role: 'auditor' },
    { who: 'alice@example.org', role: 'user', identityId: 'id-alice@example.org' },
  ] as const) {
    const at = await openAccountsDesk(actor, { accounts });
    assert.equal((await at.get('/identity')).status, 403, actor.role);
    assert.equal((await at.get('/identity?q=bob')).status, 403, actor.role);
  }
});

test('the name that somebody gave himself is shown as text', async () => {
  const at = await openAccountsDesk(undefined, { accounts });
  assert.doesNotMatch(await at.page('/identity?q=albert'), /<img/);
  assert.doesNotMatch(await at.page(`/identity?q=${encodeURIComponent(EVIL)}`), /<img/);
});

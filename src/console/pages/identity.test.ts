// One account: what its page shows, and what its forms do, by whom; what can't be taken back is asked for first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountsDesk, ADMIN, DESK, DORA, openAccountsDesk } from '../../../test/fakes/accounts-desk.ts';
import { EVIL } from '../../../test/fakes/desk-with-mail.ts';
import type { Credential, SenderRight } from '../../record/identity.ts';
import { appPassword } from '../../store/store.contract-fixtures.ts';

const ALICE = 'alice@example.org';
const MALLORY = 'mallory@other.example';
const PAGE = `/identity?login=${ALICE}`;

const device = (id: string, label = id): Credential => ({ ...appPassword(id), label });
const accounts = [
  [ALICE, { credentials: [device('K1', 'phone'), device('K2', 'tablet')] }],
  [MALLORY, { credentials: [device('K3', 'phone')], displayName: EVIL }],
] as const;

async function alice({ office }: AccountsDesk) {
  return (await office.showAccount({ login: ALICE })).account;
}

async function enabled(at: AccountsDesk): Promise<readonly string[]> {
  return (await alice(at)).credentials.flatMap(({ id, disabled }) => (disabled === undefined ? [id] : []));
}

test('a new app password is shown once, and stands on the page by its label alone', async () => {
  const at = await openAccountsDesk(ADMIN, { accounts });
  const form = { login: ALICE, action: 'addAppPassword', label: EVIL, expires: '90d' };
  const made = await at.act('/identity', form);
  const text = await made.text();
  assert.equal(made.headers.get('cache-control'), 'no-store');
  const secret = /<pre>([^<]+)<\/pre>/.exec(text)?.[1] ?? '';
  assert.ok(secret.length > 20, text);
  const page = await at.page(PAGE);
  assert.ok(!page.includes(secret));
  assert.match(page, /until <time/);
  for (const shown of [text, page]) assert.doesNotMatch(shown, /<img/);
  for (const wrong of [
    { ...form, label: ' ' },
    { ...form, expires: 'soon' },
  ])
    assert.ok((await at.act('/identity', wrong)).status >= 400);
  assert.equal((await alice(at)).credentials.length, 3);
});

const asked = [
  { action: 'revokeAppPassword', credential: 'K1', title: /Revoke this app password/ },
  { action: 'revokeAppPasswords', title: /Revoke all app passwords/ },
  { action: 'role', role: 'desk', title: /Make alice@example\.org desk/ },
  { action: 'remove', title: /Remove alice@example\.org[^]*2 credentials go/ },
];

for (const { title, ...fields } of asked)
  test(`${fields.action} says what it will do, and does it when that is confirmed`, async () => {
    const at = await openAccountsDesk(ADMIN, { accounts });
    const before = JSON.stringify(await alice(at));
    const question = await at.act('/identity', { login: ALICE, ...fields });
    assert.equal(question.status, 200);
    assert.match(await question.text(), title);
    assert.equal(JSON.stringify(await alice(at)), before);
    const done = await at.act('/identity', { login: ALICE, ...fields, sure: 'yes', reason: 'ticket 7' });
    assert.equal(done.headers.get('location'), `/identity?login=alice%40example.org`);
    assert.notEqual(JSON.stringify(await alice(at)), before);
    const newest = await at.office.newest();
    assert.ok(newest !== undefined && 'by' in newest);
    assert.deepEqual([newest.by, newest.detail['reason']], ['root@example.org (console)', 'ticket 7']);
  });

test('one app password is revoked, and the others stay', async () => {
  const at = await openAccountsDesk(DESK, { accounts });
  await at.act('/identity', { login: ALICE, action: 'revokeAppPassword', credential: 'K1', sure: 'yes' });
  assert.deepEqual(await enabled(at), ['K2']);
  assert.match(await at.page(PAGE), /revoked<\/span>[^]*by desk@example\.org \(console\)/);
});

test('a removed account is restored from its page', async () => {
  const at = await openAccountsDesk(ADMIN, { accounts });
  await at.act('/identity', { login: ALICE, action: 'remove', sure: 'yes' });
  assert.match(await at.page(PAGE), /removed[^]*Restore the account/);
  await at.act('/identity', { login: ALICE, action: 'restore', sure: 'yes' });
  assert.equal((await alice(at)).state, 'active');
});

test('rights and limits are changed at once, and said on the next page', async () => {
  const at = await openAccountsDesk(ADMIN, { accounts });
  const change = async (fields: Readonly<Record<string, string>>): Promise<string> => {
    const { status } = await at.act('/identity', { login: ALICE, ...fields });
    return status === 303 ? at.page(PAGE) : String(status);
  };
  assert.match(
    await change({ action: 'addRight', right: 'sales@example.org' }),
    /role="status">alice@example\.org may send as sales@example\.org now/,
  );
  assert.match(await change({ action: 'addRight', right: '@example.org' }), /any address of example\.org</);
  assert.match(await change({ action: 'removeRight', right: '@example.org' }), /may not send as @example/);
  assert.equal(await change({ action: 'addRight', right: 'x@far.example' }), '409');
  assert.match(
    await change({ action: 'limit', name: 'messagesPerHour', value: '7' }),
    /0 of 7 messages in the last hour; 7 left/,
  );
  assert.match(
    await change({ action: 'limit', name: 'messagesPerHour', value: 'none' }),
    /No messages in the last hour\. There is no limit/,
  );
  assert.match(await change({ action: 'limit', name: 'messagesPerHour', value: 'default' }), /as configured/);
  for (const value of ['', '-1', 'many', '1e9', '99999999999'])
    assert.equal(await change({ action: 'limit', name: 'messagesPerHour', value }), '400', value);
  assert.equal(await change({ action: 'limit', name: 'x', value: '1' }), '400');
  const withWindow = await change({ action: 'undoWindow', seconds: '10' });
  assert.match(withWindow, /What it sends waits 10 seconds now, to be taken back\./);
  assert.match(withWindow, /<dt>Undo window<\/dt>\s*<dd>10 seconds<\/dd>/);
  assert.match(await change({ action: 'undoWindow', seconds: '0' }), /What it sends leaves at once\./);
  assert.equal(await change({ action: 'undoWindow', seconds: '61' }), '409');
  assert.equal(await change({ action: 'undoWindow', seconds: 'x' }), '400');
});

test('what a role may not do stands on no page of it, and is refused to a form', async () => {
  const at = await openAccountsDesk(DESK, { accounts });
  const text = await at.page(PAGE);
  assert.match(text, /Revoke …/);
  assert.doesNotMatch(
    text,
    /New app password|Let it send as this|name="role"|Remove the account|Limit of an/,
  );
  for (const fields of [
    { action: 'addAppPassword', label: 'mine' },
    { action: 'role', role: 'admin', sure: 'yes' },
    { action: 'remove' },
  ])
    assert.equal((await at.act('/identity', { login: ALICE, ...fields })).status, 403, fields.action);
});

test('an account with a hundred credentials and a thousand rights has a short page, and a long one on demand', async () => {
  const rights = Array.from({ length: 1000 }, (_, at): SenderRight => ({
    kind: 'granted',
    address: `r${at}@example.org`,
  }));
  const credentials = Array.from({ length: 100 }, (_, at) => device(`L${at}`));
  const at = await openAccountsDesk(ADMIN, { accounts: [[ALICE, { rights, credentials }]] });
  const text = await at.page(PAGE);
  assert.ok(text.length < 60_000, String(text.length));
  assert.match(text, /all=credentials">All 100</);
  assert.match(text, /all=rights">All 1\u202f000</);
  assert.match(await at.page(`${PAGE}&all=credentials`), /L99/);
  assert.match(await at.page(`${PAGE}&all=rights`), /r999@/);
});

test('a name and a label are shown as text', async () => {
  const evil = [[MALLORY, { displayName: EVIL, credentials: [device('K9', EVIL)] }]] as const;
  const at = await openAccountsDesk(ADMIN, { accounts: evil });
  assert.doesNotMatch(await at.page(`/identity?login=${MALLORY}`), /<img|onerror=alert\(1\)>"/);
  const question = await at.act('/identity', {
    ...{ login: EVIL, action: 'revokeAppPassword', credential: EVIL, label: EVIL },
  });
  assert.doesNotMatch(await question.text(), /<img/);
});

const MAIL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('its last mails are shown to who says that he wants to see them, and the page tells that he looked', async () => {
  const at = await openAccountsDesk(ADMIN, { accounts, mail: [[ALICE, MAIL]] });
  const before = await at.page(PAGE);
  assert.doesNotMatch(before, /bob@example\.net/);
  assert.match(before, /Nobody looked at its mail/);
  assert.equal((await at.office.trail()).filter(({ type }) => type === 'lookedUp').length, 0);
  const text = await at.page(`${PAGE}&mail=yes&reason=ticket+9`);
  assert.match(text, /href="\/trace\?q=01ARZ3NDEKTSV4RRFFQ69G5FAV"[^]*bob@example\.net[^]*in the queue/);
  assert.match(text, /Who looked[^]*root@example\.org \(console\)[^]*trace: ticket 9/);
});

test('where a reason is wanted, no mail of an account is shown without one', async () => {
  const extra = ['audit: { requireReason: true }'];
  const at = await openAccountsDesk(ADMIN, { accounts, mail: [[ALICE, MAIL]], extra });
  assert.doesNotMatch(await at.page(`${PAGE}&mail=yes`), /bob@example\.net/);
  assert.match(await at.page(`${PAGE}&mail=yes&reason=ticket`), /bob@example\.net/);
});

test('its mail of four weeks is a picture and a table', async () => {
  const at = await openAccountsDesk(DORA, { accounts, mail: [[ALICE, MAIL]] });
  const text = await at.page(PAGE);
  assert.match(text, /<svg[^]*aria-label="Mail of the last 28 days"[^]*class="bar-accepted"/);
  assert.match(text, /1 message\s+accepted/);
  assert.match(text, /<th scope="row">2026-11-24</);
  assert.doesNotMatch(text, /Who looked/, 'who looked is not for this role');
});

test('whether it may send as an address is answered with the rule', async () => {
  const at = await openAccountsDesk(DESK, { accounts });
  assert.match(await at.page(`${PAGE}&as=${ALICE}`), /class="state good">may</);
  const other = await at.page(
    `${PAGE}&as=${encodeURIComponent(`"${EVIL.replaceAll('"', '')}"@far.example`)}`,
  );
  assert.match(other, /class="state fail">may not</);
  assert.doesNotMatch(other, /<img/);
});

test('a password is set for a person, is not shown again, and has to be one', async () => {
  const at = await openAccountsDesk(ADMIN, { accounts });
  const set = (password: string) => at.act('/identity', { login: ALICE, action: 'setPassword', password });
  assert.match(await (await set('x')).text(), /a password has at least 8 characters/);
  assert.doesNotMatch(await at.page(PAGE), /value="revokePassword"/);
  const told = (await set(' correct horse battery ')).headers.get('location') ?? '';
  const page = await at.page(told);
  assert.match(page, /The password of alice@example\.org is set[^]*value="revokePassword"/);
  assert.doesNotMatch(told + page, /horse/);
});

test('a new account is made on a page of its own, within the domains of whoever makes it', async () => {
  const at = await openAccountsDesk(DORA, { accounts });
  assert.match(await at.page('/identity'), /href="\/identity\/new"/);
  assert.match(await at.page('/identity/new'), /an address of example\.org</);
  const made = await at.act('/identity/new', { login: 'new@example.org', name: EVIL, mailbox: 'yes' });
  assert.match(await made.text(), /new@example\.org may send[^]*<pre>[^<]{20,}<\/pre>/);
  assert.doesNotMatch(await at.page('/identity?login=new@example.org'), /<img/);
  for (const login of ['new@other.example', 'new@example.org', 'no address', ''])
    assert.ok((await at.act('/identity/new', { login })).status >= 400, login);
  const long = await at.act('/identity/new', { login: 'n@example.org', name: 'x'.repeat(201) });
  assert.equal(long.status, 409, 'as a login or a label that is unfit');
  assert.match(await long.text(), /a name for people has 1 to 200 visible characters/);
  const desk = await openAccountsDesk(DESK, { accounts });
  assert.equal((await desk.get('/identity/new')).status, 403);
  assert.equal((await desk.act('/identity/new', { login: 'n@example.org' })).status, 403);
  assert.doesNotMatch(await desk.page('/identity'), /identity\/new/);
});

// The pages about oneself: what they tell, what their forms do, and that they reach nobody else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDesk } from '../../../../test/fakes/console.ts';
import { EVIL } from '../../../../test/fakes/desk-with-mail.ts';
import { ALICE, CAROL, OF_ALICE, OF_CAROL, openOwnDesk } from '../../../../test/fakes/own-desk.ts';
import { MINUTE } from '../../../store/store.contract-fixtures.ts';

const HOP = 'smtp mta.internal:25 [10.0.0.7]';
const paths = ['/me', '/me/devices', '/me/limits', '/me/setup', '/me/stop', `/me/message?id=${OF_ALICE}`];

const textOf = (page: string): string => page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
const menuOf = (page: string): readonly string[] =>
  [...(/<nav[^]*?<\/nav>/.exec(page)?.[0] ?? '').matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path);

test('a user has the pages about himself, and none about others', async () => {
  const { page, get } = await openOwnDesk();
  assert.deepEqual(menuOf(await page('/me')), ['/me', '/me/devices', '/me/limits', '/me/setup']);
  for (const path of paths) assert.equal((await get(path)).status, 200, path);
  for (const path of ['/trace', `/trace?q=${OF_ALICE}`, '/queue', '/identity', '/server'])
    assert.equal((await get(path)).status, 403, path);
});

test('in every role people have their own pages, and see no other mail there', async () => {
  for (const role of ['domainAdmin', 'desk', 'auditor', 'admin'] as const) {
    const { page, get } = await openOwnDesk({ role });
    assert.ok(menuOf(await page('/me')).includes('/me/devices'), role);
    for (const path of paths) {
      const answer = await get(path);
      assert.equal(answer.status, 200, `${role} ${path}`);
      assert.doesNotMatch(await answer.text(), /carol@|dan@far/, `${role} ${path}`);
    }
    assert.equal((await get(`/me/message?id=${OF_CAROL}`)).status, 404);
    const nobody = await get('/identity?login=nobody@example.org');
    assert.equal(nobody.status, role === 'auditor' ? 403 : 404, role);
  }
});

test('who came by a link that names no account has no pages about himself', async () => {
  const { enter, get } = openDesk();
  const { cookie } = await enter();
  assert.ok(menuOf(await (await get('/queue', { cookie })).text()).every((path) => !path.startsWith('/me')));
  for (const path of paths) assert.equal((await get(path, { cookie })).status, 403, path);
});

test('mail is told in plain words, with the words of the other server, and nothing of our own hosts', async () => {
  for (const { type, payload, words } of [
    { type: 'relayed', payload: { remote: HOP }, words: /Passed on for example\.net/ },
    {
      type: 'failed',
      payload: { remote: HOP, status: '5.1.1', diagnostic: '550 5.1.1 nobody of this name' },
      words: /Refused: this address does not exist[^]*550 5\.1\.1 nobody of this name/,
    },
    {
      type: 'deferred',
      payload: { remote: HOP, status: '4.4.1', diagnostic: `${HOP}: connect ECONNREFUSED 10.0.0.7:25` },
      words: /Waits: the server does not answer, last tried/,
    },
    { type: 'failed', payload: { status: '5.0.0' }, words: /Refused/ },
  ] as const) {
    const at = await openOwnDesk();
    at.office.clock.advance(MINUTE);
    await at.fate(type, payload);
    const [list, message] = [await at.page('/me'), await at.page(`/me/message?id=${OF_ALICE}`)];
    assert.match(textOf(message), words);
    for (const page of [list, message]) {
      assert.match(textOf(page), new RegExp(words.source.split(/\[\^\]/, 1)[0] ?? ''));
      assert.doesNotMatch(page, /internal|10\.0\.0/);
    }
  }
});

test('the list tells what the other server said of what waits or was refused, and not of what went', async () => {
  for (const { type, status, diagnostic, said } of [
    { type: 'deferred', status: '4.2.1', diagnostic: '450 4.2.1 greylisted', said: true },
    { type: 'failed', status: '5.2.2', diagnostic: '552 5.2.2 over quota', said: true },
    { type: 'relayed', status: '2.0.0', diagnostic: '250 2.0.0 queued', said: false },
  ] as const) {
    const at = await openOwnDesk();
    await at.fate(type, { remote: HOP, status, diagnostic });
    const text = textOf(await at.page('/me'));
    assert.equal(text.includes(`“${diagnostic}”`), said, type);
    assert.doesNotMatch(text, /switched off/);
  }
});

test('what is held says so, and neither by whom nor why', async () => {
  const { page, office } = await openOwnDesk();
  await office.changeQueue({ part: { id: OF_ALICE }, action: 'hold' });
  for (const path of ['/me', `/me/message?id=${OF_ALICE}`]) {
    const text = textOf(await page(path));
    assert.match(text, /Held: an operator held it/);
    assert.doesNotMatch(text, /root|4711/);
  }
});

test('mail is found by a part of the address, and older mail by going on', async () => {
  const { page } = await openOwnDesk();
  assert.match(await page('/me?to=BOB'), /bob@example\.net/);
  const none = await page(`/me?to=${encodeURIComponent(EVIL)}`);
  assert.doesNotMatch(none, /<img/);
  assert.match(none, /You have sent none/);
  const wrong = await page('/me?before=nowhere');
  assert.match(wrong, /That did not work/);
});

test('a message of somebody else, or of nobody, is answered alike', async () => {
  const { get } = await openOwnDesk();
  const answers = await Promise.all(
    [OF_CAROL, '01ARZ3NDEKTSV4RRFFQ69G5FAZ'].map(async (id) => {
      const answer = await get(`/me/message?id=${id}`);
      return [answer.status, (await answer.text()).replaceAll(id, 'X')];
    }),
  );
  assert.deepEqual(answers[0], answers[1]);
});

test('nothing that others wrote becomes markup: a reply, a recipient, the name of a device', async () => {
  const { page, act, fate } = await openOwnDesk({ to: [`"${EVIL.replaceAll('"', '')}"@example.net`] });
  await fate('failed', { remote: HOP, status: '5.1.1', diagnostic: `550 ${EVIL}` });
  const made = await act('/me/devices', { action: 'add', label: EVIL, days: '' });
  assert.equal(made.status, 200);
  for (const text of [
    await made.text(),
    await page('/me'),
    await page('/me/devices'),
    await page(`/me/message?id=${OF_ALICE}`),
  ])
    assert.doesNotMatch(text, /<img/);
});

test('an app password is shown once, with the settings beside, and the same form again makes no second one', async () => {
  const { page, act, office } = await openOwnDesk();
  const form = { action: 'add', label: 'phone', days: '90' };
  const made = await (await act('/me/devices', form)).text();
  const [, secret = ''] = /<pre[^>]*><code>([^<]+)<\/code>/.exec(made) ?? [];
  assert.ok(secret.length > 20);
  assert.match(made, /msa\.example\.org/);
  assert.match(textOf(await page('/me/devices')), /phone[^]*counts until/);
  assert.ok(!(await page('/me/devices')).includes(secret));
  assert.ok(!JSON.stringify(await office.trail()).includes(secret));
  const again = await act('/me/devices', form);
  assert.equal(again.status, 409);
  assert.match(await again.text(), /an app password for phone already/);
  assert.equal((await act('/me/devices', { ...form, label: 'x', days: '99999' })).status, 400);
  assert.equal((await act('/me/devices', { ...form, label: '' })).status, 409);
});

test('a device is revoked, and one of somebody else is not', async () => {
  const { page, act, office } = await openOwnDesk();
  const [own, other] = await Promise.all(
    [ALICE, CAROL].map(
      async (login) => (await office.showAccount({ login })).account.credentials[0]?.id ?? '',
    ),
  );
  const foreign = await act('/me/devices', { action: 'revoke', credential: other ?? '' });
  assert.equal(foreign.status, 404);
  assert.equal((await office.showAccount({ login: CAROL })).account.credentials[0]?.disabled, undefined);
  const done = await act('/me/devices', { action: 'revoke', credential: own ?? '' });
  assert.equal(done.headers.get('location'), '/me/devices');
  assert.match(textOf(await page('/me/devices')), /first is revoked[^]*revoked[^]*by you/);
});

test('who is sure stops his account, and nobody else’s', async () => {
  const { act, office, page } = await openOwnDesk();
  assert.match(textOf(await page('/me/stop')), /Stop alice@example\.org\?[^]*Only your administrator/);
  assert.equal((await act('/me/stop', {})).status, 400);
  const stopped = await act('/me/stop', { sure: 'yes', login: CAROL });
  assert.match(textOf(await stopped.text()), /Your account is stopped/);
  assert.equal((await office.showAccount({ login: ALICE })).account.state, 'suspended');
  assert.equal((await office.showAccount({ login: CAROL })).account.state, 'active');
});

test('limits are told as sentences, with what is left', async () => {
  const { page, office } = await openOwnDesk();
  await office.limitAccount({ login: ALICE, name: 'messagesPerHour', value: 0 });
  await office.limitAccount({ login: ALICE, name: 'recipientsPerHour', value: 'none' });
  const text = textOf(await page('/me/limits'));
  assert.match(text, /None allowed: 0 of 0 messages in the last hour; 0 left\./);
  assert.match(text, /No recipients in the last hour\. There is no limit\./);
  assert.match(text, /As whom I may send[^]*alice@example\.org your login/);
});

test('the settings name the server, and no password', async () => {
  const { page } = await openOwnDesk({ extra: ['onboarding: { imap: { host: imap.example.org } }'] });
  const text = textOf(await page('/me/setup'));
  for (const word of ['msa.example.org', 'imap.example.org', 'Thunderbird', 'Outlook', 'msmtp'])
    assert.ok(text.includes(word), word);
});

test('files for programs that read one, and none that there is not', async () => {
  const { act, page } = await openOwnDesk({ extra: ['onboarding: { imap: { host: imap.example.org } }'] });
  assert.match(await page('/me/setup'), /value="mobileconfig"[^]*value="autoconfig"/);
  for (const [file, type, holds] of [
    ['mobileconfig', 'application/x-apple-aspen-config', 'alice@example.org'],
    ['autoconfig', 'text/xml; charset=utf-8', 'imap.example.org'],
  ] as const) {
    const answer = await act('/me/setup', { file });
    assert.equal(answer.headers.get('content-type'), type);
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="[\w.-]+"$/);
    assert.ok((await answer.text()).includes(holds));
  }
  const without = await openOwnDesk();
  assert.doesNotMatch(await without.page('/me/setup'), /value="mobileconfig"/);
  for (const file of ['mobileconfig', 'login', '__proto__'])
    assert.equal((await without.act('/me/setup', { file })).status, 400, file);
});

// Where each role begins, what its menu has, and who gets the stream; generated from the table of pages. What each page and form does for each role: `acts.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDesk } from '../../test/fakes/console.ts';
import { isFor } from '../administration/permissions.ts';
import { roles, type Role } from '../record/identity.ts';
import { identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';
import { acts, pages } from './routes.ts';

async function begin(role: Role) {
  const desk = openDesk();
  const login = `${role.toLowerCase()}@example.org`;
  const identity = identityOf(login, { role });
  await desk.office.ports.store.commit([identityChange(identity, 0, START)]);
  const inside = await desk.enterAs({
    ...{ who: login, role, identityId: identity.id },
    ...(role === 'domainAdmin' ? { domains: ['example.org'] } : {}),
  });
  return { ...desk, ...inside };
}

for (const role of roles) {
  test(`${role}: a page of others says so, and leads to his own`, async () => {
    const { get, cookie, faults } = await begin(role);
    for (const { path, needs = [] } of pages) {
      if (path === '/' || needs.every((useCase) => isFor(role, useCase))) continue;
      const answer = await get(path, { cookie });
      assert.equal(answer.status, 403, path);
      const [main = ''] = /<main[^]*<\/main>/.exec(await answer.text()) ?? [];
      assert.match(main, new RegExp(`This page is not for you[^]*You have the role ${role}:`), path);
      const [, href = assert.fail(path)] = /href="([^"]+)"/.exec(main) ?? [];
      assert.equal((await get(href, { cookie })).status, 200, `${path} leads to ${href}`);
    }
    assert.deepEqual(faults, []);
  });

  test(`${role}: begins on a page that is his, whose menu has what he may see alone`, async () => {
    const { get, cookie } = await begin(role);
    const first = await get('/', { cookie });
    const path = first.headers.get('location') ?? '/';
    const page = await get(path, { cookie });
    assert.equal(page.status, 200, path);
    const [menu = ''] = /<nav class="menu"[^]*?<\/nav>/.exec(await page.text()) ?? [];
    const shown = [...menu.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href);
    assert.ok(shown.length > 0);
    for (const href of shown) {
      const found = pages.find((one) => one.path === href);
      assert.ok(found?.needs?.every((useCase) => isFor(role, useCase)) ?? true, href);
      assert.equal((await get(href, { cookie })).status, 200, href);
    }
  });

  test(`${role}: the live figures of everybody are for who sees the overview`, async () => {
    const { get, cookie } = await begin(role);
    const stream = await get('/live', { cookie });
    await stream.body?.cancel();
    assert.equal(stream.status, isFor(role, 'serverStatus') && isFor(role, 'queueTotals') ? 200 : 403);
  });
}

test('who came by a link that names no account is told which pages are of himself, and where others are', async () => {
  const { get, enter } = openDesk();
  const { cookie } = await enter('root');
  const answer = await get('/me/devices', { cookie });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /My devices is about the one who is signed in[^]*href="\/">To Overview</);
});

test('no act is done for who is not signed in, nor without the token of his session', async () => {
  const { post, cookie } = await begin('admin');
  for (const { path } of acts) {
    assert.equal((await post(path, { token: 'x' })).status, 401, path);
    assert.equal((await post(path, { token: 'x' }, { cookie })).status, 403, path);
  }
});

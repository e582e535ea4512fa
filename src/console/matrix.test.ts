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
    }
  });

  test(`${role}: the live figures of everybody are for who sees the overview`, async () => {
    const { get, cookie } = await begin(role);
    const stream = await get('/live', { cookie });
    await stream.body?.cancel();
    assert.equal(stream.status, isFor(role, 'serverStatus') && isFor(role, 'queueTotals') ? 200 : 403);
  });
}

test('no act is done for who is not signed in, nor without the token of his session', async () => {
  const { post, cookie } = await begin('admin');
  for (const { path } of acts) {
    assert.equal((await post(path, { token: 'x' })).status, 401, path);
    assert.equal((await post(path, { token: 'x' }, { cookie })).status, 403, path);
  }
});

// The trail in the console: verified from there, exported, and who looked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { type Desk, openDesk } from '../../../test/fakes/console.ts';
import type { Role } from '../../record/identity.ts';

const EVIL = '<img src=x onerror=alert(1)>';

async function begin(options: Parameters<typeof openOffice>[0] = {}, role: Role = 'admin') {
  const office = openOffice(options);
  await office.addAccount({ login: 'alice@example.org', mailbox: true, allowReserved: true });
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enterAs({ who: 'root', role });
  return {
    ...{ ...desk, cookie },
    page: async (path: string) => (await desk.get(path, { cookie })).text(),
    act: (path: string, form: Readonly<Record<string, string>>) =>
      desk.post(path, { token, ...form }, { cookie }),
  };
}

async function ended({ page }: { page(path: string): Promise<string> }): Promise<string> {
  for (;;) {
    const text = await page('/trail');
    if (!text.includes('data-follow')) return text;
  }
}

test('a verification is begun from the page, and its end is told in words', async () => {
  const at = await begin();
  assert.match(await at.page('/trail'), /not verified since the start[^]*Verify the trail/);
  const begun = await at.act('/trail/verification', { action: 'start' });
  assert.deepEqual([begun.status, begun.headers.get('location')], [303, '/trail']);
  const text = await ended(at);
  assert.match(
    text,
    /the trail holds[^]*events?\s+follow from each other[^]*nothing was forgotten[^]*Begun by root \(console\)/,
  );
  assert.equal((await at.act('/trail/verification', { action: 'start', expect: 'xyz' })).status, 400);
  await at.act('/trail/verification', { action: 'start', expect: 'f'.repeat(64) });
  assert.match(await ended(at), /the trail is broken[^]*no event has the link ffff/);
  assert.match(await at.page('/'), /Something is wrong[^]*the trail is not as it was written/);
  assert.equal((await at.act('/trail/verification', { action: 'burn' })).status, 400);
});

test('many that begin a verification at once begin one', async () => {
  const at = await begin();
  const all = await Promise.all(
    Array.from({ length: 20 }, () => at.act('/trail/verification', { action: 'start' })),
  );
  assert.deepEqual(
    all.map(({ status }) => status).toSorted((one, other) => one - other),
    [303, ...Array.from({ length: 19 }, () => 409)],
  );
});

test('the trail is exported as a file, with its record; for admin alone', async () => {
  const at = await begin();
  const answer = await at.act('/trail/export', { reason: 'audit 2026', login: 'alice' });
  assert.equal(answer.status, 200);
  assert.match(
    answer.headers.get('content-disposition') ?? '',
    /^attachment; filename="trail-\d{4}-\d\d-\d\d\.jsonl"$/,
  );
  const lines = (await answer.text()).trimEnd().split('\n');
  assert.equal((JSON.parse(lines[0] ?? '') as { type: string }).type, 'identityChanged');
  assert.deepEqual(await at.office.newest(), {
    by: 'root (console)',
    action: 'audit export',
    detail: { identity: 'alice@example.org', reason: 'audit 2026' },
  });
  const auditor = await begin({}, 'auditor');
  assert.equal((await auditor.act('/trail/export', {})).status, 403);
  assert.doesNotMatch(await auditor.page('/trail'), /Export as JSON/);
});

test('where a reason is wanted nothing is exported or listed without one', async () => {
  const at = await begin({ extra: ['audit: { requireReason: true }'] });
  assert.equal((await at.act('/trail/export', {})).status, 400);
  assert.doesNotMatch(await at.page('/trail/looks'), /<table/);
  assert.match(await at.page('/trail/looks?reason=ticket'), /access record|Access record/);
  const looks = (await at.office.trail()).filter(({ type }) => type === 'lookedUp');
  assert.equal(looks.length, 1);
});

const looksAt = (desk: Desk, words: string): Promise<unknown> =>
  desk.office.traceWords({ words, range: { max: 1 } });

test('the access record shows who looked at what and why, as text', async () => {
  const at = await begin();
  await looksAt(at, EVIL);
  await looksAt(at, 'alice@example.org');
  const text = await at.page('/trail/looks');
  assert.match(text, /root \(command line\)[^]*trace[^]*alice@example\.org[^]*ticket 4711/);
  assert.doesNotMatch(text, /<img/);
  assert.match(await at.page('/trail/looks?who=nobody'), /Nobody looked/);
  assert.match(await at.page('/trail/looks?who=root&since=2026-01-01&until=2099-01-01'), /audit looks/);
  for (const bad of ['since=yesterday', 'until=2026-13-40', 'after=x'])
    assert.equal((await at.get(`/trail/looks?${bad}`, { cookie: at.cookie })).status, 400, bad);
});

test('older looks are a page away', async () => {
  const at = await begin();
  for (let count = 0; count < 60; count += 1) await looksAt(at, `a${count}@example.net`);
  const text = await at.page('/trail/looks');
  const older = /href="(\/trail\/looks\?after=[^"]+)"/.exec(text)?.[1] ?? assert.fail();
  assert.match(await at.page(older.replaceAll('&amp;', '&')), /a5@example\.net/);
});

test('the trail is for auditor and admin alone', async () => {
  for (const [role, status] of [
    ['user', 403],
    ['domainAdmin', 403],
    ['desk', 403],
    ['auditor', 200],
    ['admin', 200],
  ] as const) {
    const at = await begin({}, role);
    for (const path of ['/trail', '/trail/looks'])
      assert.equal((await at.get(path, { cookie: at.cookie })).status, status, `${role} ${path}`);
    const begun = await at.act('/trail/verification', { action: 'start' });
    assert.equal(begun.status, status === 200 ? 303 : 403, role);
  }
});

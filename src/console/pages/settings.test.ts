// The page of settings shows each key, for those who may, and no password, nor does the API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { parseConfig } from '../../config/load.ts';

const SECRETS = ['Geheim-1', 'Geheim-2', 'Geheim-3', 'Geheim-4', 'Geheim-5'] as const;
const [A, B, C, D, E] = SECRETS;
const EVIL = '<img src=x onerror=alert(1)>';

const secretive = [
  {
    relay: {
      smarthost: [`smtps://u:${A}@one`, `smtps://u@two`],
      routes: {
        'b.example': { smarthost: 'smtps://u@b', password: B },
        'c.example': { smarthost: `smtps://u:${C}@c` },
      },
    },
    store: { postgres: { hosts: ['db'], password: D } },
  },
  { relay: { smarthost: 'smtps://u@one', password: E }, store: { postgres: `postgres://p:${A}@db/x` } },
].map((change) =>
  JSON.stringify({
    ...{ hostname: 'msa.example.org', domains: ['example.org'], tls: { cert: 'c', key: 'k' } },
    ...{ onboarding: { displayName: EVIL } },
    ...change,
  }),
);

test('no password of any key is shown, by the page, by a word, or by the use case', async () => {
  for (const text of secretive) {
    const config = parseConfig(text, 'postern.yaml');
    const office = openOffice({ config: () => config });
    const desk = openDesk({ office });
    const { cookie } = await desk.enter();
    const told = [
      await (await desk.get('/settings', { cookie })).text(),
      await (await desk.get('/settings?word=password', { cookie })).text(),
      await (await desk.get('/settings?word=relay', { cookie })).text(),
      JSON.stringify(await office.showSettings({})),
    ];
    for (const one of told) for (const secret of SECRETS) assert.ok(!one.includes(secret), secret);
    assert.match(told.join('\n'), /\(not shown\)/);
    assert.ok(told.slice(0, 3).every((one) => !one.includes('<img')));
  }
});

test('a word finds keys by their name, their value and their meaning', async () => {
  const desk = openDesk({ extra: ['audit: { requireReason: true }'] });
  const { cookie } = await desk.enter();
  const page = async (word: string): Promise<string> =>
    (await desk.get(`/settings?word=${encodeURIComponent(word)}`, { cookie })).text();
  assert.match(await page('retention'), /audit\.retention[^]*30d[^]*default/);
  assert.match(await page('MSA.example.org'), /<code>hostname<\/code>/);
  assert.match(await page('who sent what'), /audit\.retention/);
  assert.match(await page(EVIL), /no keys of \d+/);
  assert.doesNotMatch(await page(EVIL), /<img/);
});

test('what waits for a restart is told', async () => {
  const written = { file: '/etc/postern/postern.yaml', lines: { 'console.port': 9 }, waiting: ['console'] };
  const desk = openDesk({ office: openOffice({ extra: ['console: {}'], written: () => written }) });
  const { cookie } = await desk.enter();
  const text = await (await desk.get('/settings?word=console.port', { cookie })).text();
  assert.match(
    text,
    /a restart is needed for it to count: console[^]*postern\.yaml:9[^]*changed: needs a restart/,
  );
});

test('settings are for auditor and admin alone', async () => {
  const desk = openDesk();
  for (const [role, status] of [
    ['user', 403],
    ['domainAdmin', 403],
    ['desk', 403],
    ['auditor', 200],
    ['admin', 200],
  ] as const) {
    const { cookie } = await desk.enterAs({ who: 'x@example.org', role, domains: ['example.org'] });
    assert.equal((await desk.get('/settings', { cookie })).status, status, role);
  }
});

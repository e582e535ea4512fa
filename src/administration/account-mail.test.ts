// How much mail an account had day by day, and who looked at it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { acceptOf, DAY, identityChange, identityOf } from '../store/store.contract-fixtures.ts';
import { DAYS_SHOWN } from './account-mail.ts';
import { administrationOf } from './use-cases.ts';

const login = 'alice@example.org';
const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

async function withMail() {
  const office = openOffice();
  const { store } = office.ports;
  const now = office.clock.now();
  for (const one of [login, 'bob@example.org']) await store.commit([identityChange(identityOf(one), 0, now)]);
  await store.commit([acceptOf(ID, now, { from: login, identityId: `id-${login}` })]);
  return office;
}

test('each of the last days has its figures, those without mail too, and looking at them is no look', async () => {
  const office = await withMail();
  office.clock.advance(3 * DAY);
  const { days, isCut } = await office.accountDays({ login });
  assert.deepEqual([days.length, isCut], [DAYS_SHOWN, false]);
  assert.deepEqual(days.map(({ accepted }) => accepted).slice(-5), [0, 1, 0, 0, 0]);
  assert.ok((await office.trail()).every(({ type }) => type !== 'lookedUp'));
});

test('who asked for an account, for a message of it, or for its queued mail has looked at it; nobody else', async () => {
  const office = await withMail();
  await office.traceWords({ words: login, range: { max: 10 } });
  await office.traceWords({ words: ID, range: { max: 10 } });
  await office.showQueued({ id: ID });
  await office.traceWords({ words: 'bob@example.org', range: { max: 10 } });
  await office.exportTrail({});
  const { looks, next } = await office.accountLooks({ login, max: 2 });
  assert.deepEqual(
    looks.map(({ by, action, reason }) => [by, action, reason]),
    [
      ['root (command line)', 'queue show', 'ticket 4711'],
      ['root (command line)', 'trace', 'ticket 4711'],
    ],
  );
  assert.ok(next !== undefined);
  const rest = await office.accountLooks({ login, max: 2, after: next });
  assert.deepEqual([rest.looks.map(({ action }) => action), rest.next], [['trace'], undefined]);
});

test('who looked is for auditor and admin', async () => {
  const office = await withMail();
  for (const role of ['user', 'domainAdmin', 'desk'] as const) {
    const as = administrationOf(office.ports, {
      ...{ who: 'x', through: 'API', role, domains: ['example.org'], identityId: `id-${login}` },
    });
    await assert.rejects(as.accountLooks({ login, max: 1 }), { kind: 'denied' });
  }
});

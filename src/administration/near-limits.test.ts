// Who has used most of a sending limit: told of those that the server knows of, as their counters and limits are now.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import type { Identity } from '../record/identity.ts';
import { acceptOf, HOUR, identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';
import { administrationOf } from './use-cases.ts';

const at = (start: number, count: number): string =>
  `01ARZ3NDEKTSV4RRFFQ69G${String(start).padStart(2, '0')}${String(count).padStart(2, '0')}`;

/** Accounts of these logins, each with so many messages sent now. */
async function open(sent: readonly (readonly [login: string, messages: number, said?: Partial<Identity>])[]) {
  const ids = sent.map(([login]) => `id-${login}`);
  const office = openOffice({
    extra: ['limits: { identity: { messagesPerHour: 10 } }'],
    nearLimits: async () => ids,
  });
  const { store } = office.ports;
  for (const [place, [login, messages, said]] of sent.entries()) {
    await store.commit([identityChange(identityOf(login, said), 0, START)]);
    const identityId = `id-${login}`;
    for (let count = 0; count < messages; count += 1)
      await store.commit([
        acceptOf(at(place, count), START, { identityId, charge: { identityId, limits: {} } }),
      ]);
  }
  return office;
}

test('the fullest stand first, each with the limits that are near their end alone', async () => {
  const office = await open([
    ['nine@example.org', 9],
    ['ten@example.org', 10],
    ['seven@example.org', 7],
  ]);
  const { accounts } = await office.nearLimits();
  assert.deepEqual(accounts, [
    {
      login: 'ten@example.org',
      limits: [{ name: 'messagesPerHour', used: 10, limit: 10, freesAt: START + 1.1 * HOUR + 1 }],
    },
    {
      login: 'nine@example.org',
      limits: [
        { name: 'messagesPerHour', used: 9, limit: 10, freesAt: Math.floor(START + HOUR * (1 + 2 / 9)) + 1 },
      ],
    },
  ]);
});

test('what counts is now: an account with a higher limit, a suspended one, and one whose hour is over are not near', async () => {
  const office = await open([
    ['raised@example.org', 9, { limits: { messagesPerHour: 100 } }],
    ['lifted@example.org', 9, { limits: { messagesPerHour: 'none' } }],
    ['suspended@example.org', 9, { state: 'suspended' }],
    ['nine@example.org', 9],
  ]);
  const logins = async () => (await office.nearLimits()).accounts.map(({ login }) => login);
  assert.deepEqual(await logins(), ['nine@example.org']);
  office.clock.advance(2 * HOUR);
  assert.deepEqual(await logins(), []);
});

test('where no server runs nobody knows', async () => {
  const { nearLimits: _none, ...ports } = openOffice().ports;
  await assert.rejects(administrationOf(ports, ROOT).nearLimits(), failsWith('trouble', /no server runs/));
});

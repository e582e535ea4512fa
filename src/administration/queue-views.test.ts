// What waits by account and by age: of everybody, of one account, of the accounts of a domain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice, failsWith, ROOT } from '../../test/fakes/administration.ts';
import { HOUR, MINUTE } from '../base/duration.ts';
import { messageIdSource } from '../base/message-id.ts';
import { acceptOf, identityChange, identityOf } from '../store/store.contract-fixtures.ts';
import { AGES, OF_AGE_MAX } from './queue-views.ts';
import { administrationOf } from './use-cases.ts';

const ALICE = 'alice@example.org';
const MALLORY = 'mallory@other.example';

/** `waiting`, the oldest first: minutes ago, login, recipients. */
async function begin(waiting: readonly (readonly [minutes: number, login: string, recipients: number])[]) {
  const office = openOffice({ domains: ['example.org', 'other.example'] });
  const ids = messageIdSource((length) => new Uint8Array(length));
  const now = office.clock.now();
  for (const login of [ALICE, MALLORY])
    await office.ports.store.commit([identityChange(identityOf(login), 0, now)]);
  for (const [minutes, login, recipients] of waiting) {
    const at = now - minutes * MINUTE;
    const to = Array.from({ length: recipients }, (_, one) => `r${one}@far.example`);
    await office.ports.store.commit([acceptOf(ids.next(at), at, { identityId: `id-${login}`, to })]);
  }
  const domainAdmin = { ...ROOT, role: 'domainAdmin', domains: ['example.org'] } as const;
  return { office, now, domainAdmin: administrationOf(office.ports, domainAdmin) };
}

const some = [
  [3 * 24 * 60, ALICE, 2],
  [24 * 60, MALLORY, 1],
  [24 * 60 - 1, ALICE, 1],
  [59, MALLORY, 3],
  [10, ALICE, 1],
  [0, MALLORY, 1],
] as const;

test('each that waits is of one age, and the ages filter the list', async () => {
  const { office } = await begin(some);
  const ages = await office.queueByAge({ part: {} });
  assert.deepEqual(
    ages.map(({ deliveries }) => deliveries),
    [1, 4, 0, 1, 3],
  );
  assert.deepEqual(
    ages.map(({ olderThan, youngerThan }) => [olderThan, youngerThan]),
    [
      [undefined, AGES[0]],
      [AGES[0], AGES[1]],
      [AGES[1], AGES[2]],
      [AGES[2], AGES[3]],
      [AGES[3], undefined],
    ],
  );
  for (const { deliveries, isCut, ...range } of ages) {
    assert.equal(isCut, false);
    assert.equal((await office.listQueue({ part: range, max: 99 })).entries.length, deliveries);
  }
  const ofAlice = await office.queueByAge({ part: { identity: ALICE } });
  assert.deepEqual(
    ofAlice.map(({ deliveries }) => deliveries),
    [0, 1, 0, 1, 2],
  );
});

test('of one age no more are counted than is said', async () => {
  const { office } = await begin([
    [20, ALICE, OF_AGE_MAX],
    [0, ALICE, OF_AGE_MAX + 1],
  ]);
  const [young, older] = await office.queueByAge({ part: {} });
  assert.deepEqual([young?.deliveries, young?.isCut], [OF_AGE_MAX, true]);
  assert.deepEqual([older?.deliveries, older?.isCut], [OF_AGE_MAX, false]);
});

test('what is older is dropped, and nothing else', async () => {
  const { office } = await begin(some);
  assert.equal((await office.changeQueue({ part: { olderThan: 24 * HOUR }, action: 'drop' })).changed, 3);
  const left = await office.queueByAge({ part: {} });
  assert.deepEqual(
    left.map(({ deliveries }) => deliveries),
    [1, 4, 0, 1, 0],
  );
});

test('accounts whose mail waits, the most first; a domain admin sees his own alone', async () => {
  const { office, now, domainAdmin } = await begin(some);
  const day = 24 * HOUR;
  const alice = { identityId: `id-${ALICE}`, login: ALICE, deliveries: 4, oldestAcceptedAt: now - 3 * day };
  const mallory = { identityId: `id-${MALLORY}`, login: MALLORY, deliveries: 5, oldestAcceptedAt: now - day };
  assert.deepEqual(await office.queueByIdentity({ max: 9 }), [mallory, alice]);
  assert.deepEqual(await office.queueByIdentity({ max: 1 }), [mallory]);
  assert.deepEqual(await domainAdmin.queueByIdentity({ max: 1 }), [alice]);
  await assert.rejects(domainAdmin.queueByAge({ part: {} }), failsWith('usage', /name an account/));
  await assert.rejects(
    domainAdmin.queueByAge({ part: { identity: MALLORY } }),
    failsWith('negative', /there is no account/),
  );
  await assert.rejects(
    domainAdmin.changeQueue({ part: { olderThan: 0 }, action: 'drop' }),
    failsWith('usage', /name an account/),
  );
});

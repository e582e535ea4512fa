// A lost device: from the page of its account to what it has sent and what still waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADMIN, DESK, DORA, openAccountsDesk } from '../../../test/fakes/accounts-desk.ts';
import { idOf } from '../../../test/fakes/api.ts';
import type { Credential } from '../../record/identity.ts';
import { acceptOf, appPassword } from '../../store/store.contract-fixtures.ts';

const ALICE = 'alice@example.org';
const PAGE = `/identity?login=${ALICE}`;
const [OF_PHONE, OF_TABLET] = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'] as const;

const device = (id: string, label: string): Credential => ({ ...appPassword(id), label });

async function begin(actor: typeof ADMIN | typeof DESK | typeof DORA) {
  const credentials = [device('K1', 'phone'), device('K2', 'tablet'), device('K3', 'old')];
  const at = await openAccountsDesk(actor, { accounts: [[ALICE, { credentials }]] });
  for (const [id, credentialId] of [
    [OF_PHONE, 'K1'],
    [OF_TABLET, 'K2'],
  ] as const) {
    const said = { from: ALICE, identityId: idOf(ALICE), credentialId };
    await at.office.ports.store.commit([acceptOf(id, at.office.clock.now(), said)]);
  }
  const revoke = (credential: string) =>
    at.act('/identity', { login: ALICE, action: 'revokeAppPassword', credential, sure: 'yes' });
  return { ...at, revoke };
}

for (const actor of [ADMIN, DESK, DORA])
  test(`${actor.role}: what a revoked app password has waiting is said, and one link away`, async () => {
    const { page, revoke } = await begin(actor);
    await revoke('K1');
    const text = await page(PAGE);
    assert.match(text, /K1\) is revoked[^<]* 1 recipient of mail that came with it still waits/);
    const link = `/queue?identity=${encodeURIComponent(ALICE)}&credential=K1`;
    assert.ok(text.replaceAll('&amp;', '&').includes(`href="${link}"`), text);
    const queue = await page(link);
    assert.match(queue, new RegExp(`of the account ${ALICE}, sent with the credential K1[^]*${OF_PHONE}`));
    assert.doesNotMatch(queue, new RegExp(OF_TABLET));
    assert.match(queue, /name="part-credential" value="K1"/);
  });

test('what has nothing waiting says so', async () => {
  const { page, revoke } = await begin(DESK);
  await revoke('K3');
  assert.match(await page(PAGE), /K3\) is revoked[^<]* Nothing that came with it waits/);
});

test('all that one device has sent is held, and nothing else', async () => {
  const { act, office } = await begin(DESK);
  const part = { 'part-identity': ALICE, 'part-credential': 'K1' };
  await act('/queue', { action: 'hold', what: 'part', sure: 'yes', ...part });
  const entries = await office.ports.lookups.queue({}, { max: 9 });
  assert.deepEqual(
    entries.map(({ message, heldBy }) => [message.id, heldBy]),
    [
      [OF_PHONE, ['operator']],
      [OF_TABLET, []],
    ],
  );
});

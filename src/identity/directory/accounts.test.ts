// Our own accounts as a directory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '../../store/memory/store.ts';
import {
  countedEntropy,
  identityChange,
  identityOf,
  virtualClock,
} from '../../store/store.contract-fixtures.ts';
import { setPassword } from '../credential-changes.ts';
import { createHashing } from '../hashing.ts';
import { accounts } from './accounts.ts';
import { directoryContract } from './directory.contract.ts';

const eve = identityOf('eve@example.org', { origin: { directory: 'staff', key: '7' } });

async function opened() {
  const clock = virtualClock();
  const { store, lookups } = openMemoryStore({ clock, entropy: countedEntropy() });
  const alice = setPassword(identityOf('alice@example.org', { revision: 0 }), 'of alice', clock.now());
  assert.ok(alice.ok);
  for (const one of [alice.value, eve]) await store.commit([identityChange(one, 0, clock.now())]);
  let isSilent = false;
  const hashing = createHashing({
    clock,
    verify: async (phc, password) => phc === 'of alice' && password === 'right',
  });
  const unlessSilent = async <T>(answer: Promise<T>): Promise<T> => {
    if (isSilent) throw new Error('away');
    return answer;
  };
  const directory = accounts({
    hashing,
    lookups: {
      identityByLogin: (login) => unlessSilent(lookups.identityByLogin(login)),
      identityByAddress: (address) => unlessSilent(lookups.identityByAddress(address)),
    },
  });
  return { directory, silence: () => void (isSilent = true), close: () => undefined };
}

directoryContract('accounts', opened);

test('whom another directory keeps is no account of ours', async () => {
  const { directory } = await opened();
  assert.equal(await directory.byLogin(eve.login), undefined);
  assert.equal(await directory.byAddress(eve.login), undefined);
});

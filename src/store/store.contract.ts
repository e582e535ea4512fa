// The contract of the store's port (port.ts, lookups.ts): the same tests for every engine and for the way over a line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptContract } from './store.contract-accept.ts';
import { bodyContract } from './store.contract-bodies.ts';
import { daysContract } from './store.contract-days.ts';
import { doubtContract } from './store.contract-doubt.ts';
import { Bench, identityOf, type Open } from './store.contract-fixtures.ts';
import { identityContract } from './store.contract-identities.ts';
import { identityPageContract } from './store.contract-identity-pages.ts';
import { leaseContract } from './store.contract-leases.ts';
import { noticesContract } from './store.contract-notices.ts';
import { pastContract } from './store.contract-past.ts';
import { queueContract } from './store.contract-queue.ts';
import { queueLooksContract } from './store.contract-queue-looks.ts';
import { recipientsContract } from './store.contract-recipients.ts';
import { severalContract } from './store.contract-several.ts';
import { sessionsContract } from './store.contract-sessions.ts';
import { settleContract } from './store.contract-settle.ts';
import { trailContract } from './store.contract-trail.ts';
import { twoContract } from './store.contract-two.ts';
import { undoContract } from './store.contract-undo.ts';
import type { StoreNotice } from './port.ts';

export function storeContract(name: string, open: Open): void {
  acceptContract(name, open);
  doubtContract(name, open);
  twoContract(name, open);
  leaseContract(name, open);
  pastContract(name, open);
  settleContract(name, open);
  noticesContract(name, open);
  queueContract(name, open);
  queueLooksContract(name, open);
  undoContract(name, open);
  identityContract(name, open);
  identityPageContract(name, open);
  severalContract(name, open);
  recipientsContract(name, open);
  trailContract(name, open);
  daysContract(name, open);
  bodyContract(name, open);
  sessionsContract(name, open);

  test(`${name}: a process that counts wrong secrets alone hears of no others`, async () => {
    await using bench = await Bench.open(open);
    const told = { type: 'guesses', writer: 'w', counts: [{ name: 'a', count: 3 }] } as const;
    for (let time = 0; time < 2; time += 1)
      assert.deepEqual(await bench.one(told), { type: 'guesses', others: [] });
  });

  test(`${name}: a store that nobody shares has no nodes`, async () => {
    await using bench = await Bench.open(open);
    const facts = { version: '1', roles: ['mx'], digests: {} };
    const told = { type: 'nodeFacts', life: { node: 'a', incarnation: '1' }, facts } as const;
    assert.deepEqual(await bench.one(told), { type: 'noted' });
    assert.deepEqual((await bench.lookups.nodes()).lives, []);
  });

  test(`${name}: a listener is told until it unsubscribes`, async () => {
    await using bench = await Bench.open(open);
    const heard: StoreNotice[] = [];
    const end = bench.store.subscribe((notice) => heard.push(notice));
    await bench.written(identityOf('bot'));
    await bench.accepted();
    await bench.accepted({ owner: 'a' });
    end();
    await bench.accepted();
    assert.deepEqual(heard, bench.notices.slice(0, 2));
    assert.deepEqual(
      bench.notices.map(({ type }) => type),
      ['identityChanged', 'due', 'due'],
    );
  });
}

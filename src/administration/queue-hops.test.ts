// What waits by the next hop that each domain has now, and what is done to all that goes to one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { administrationOf } from './use-cases.ts';
import type { Actor } from './actor.ts';
import { acceptOf, identityChange, identityOf } from '../store/store.contract-fixtures.ts';

test('what waits is put together by the hop that each domain has now, the largest first', async () => {
  const office = openOffice({
    nextHops: () => [
      { name: 'lmtp far:24', domains: ['any.example'], takes: 'others' },
      { name: 'files', domains: ['any.example'], takes: 'these' },
    ],
  });
  await office.ports.store.commit([
    acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', office.clock.now(), {
      to: ['a@far.example', 'b@far.example', 'c@near.example', 'd@any.example'],
    }),
  ]);
  const { byHop, deliveries } = await office.queueTotals();
  assert.equal(deliveries, 4);
  assert.deepEqual(byHop, [
    {
      ...{ hop: 'lmtp far:24', deliveries: 3 },
      domains: [
        { domain: 'far.example', deliveries: 2 },
        { domain: 'near.example', deliveries: 1 },
      ],
    },
    { hop: 'files', deliveries: 1, domains: [{ domain: 'any.example', deliveries: 1 }] },
  ]);
});

test('who sees accounts of his domains alone is told nothing of all', async () => {
  const office = openOffice({ actor: { ...ROOT, role: 'domainAdmin', domains: ['example.org'] } });
  await assert.rejects(office.queueTotals(), failsWith('denied', /not for the role/));
});

const ours = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const others = '01ARZ3NDEKTSV4RRFFQ69G5FAW';

/** Two accounts of two domains, with mail by two hops each. */
async function openTwo() {
  const office = openOffice({
    domains: ['example.org', 'other.example'],
    nextHops: () => [
      { name: 'files', domains: ['far.example'], takes: 'others' },
      { name: 'lmtp far:24', domains: ['far.example'], takes: 'these' },
    ],
  });
  const { store } = office.ports;
  for (const [id, login] of [
    [ours, 'alice@example.org'],
    [others, 'mallory@other.example'],
  ] as const) {
    await store.commit([identityChange(identityOf(login), 0, office.clock.now())]);
    const said = { from: login, identityId: `id-${login}`, to: ['a@far.example', 'b@near.example'] };
    await store.commit([acceptOf(id, office.clock.now(), said)]);
  }
  const left = async (): Promise<readonly string[]> =>
    (await office.ports.lookups.queue({}, { max: 9 })).map(
      ({ message, delivery, heldBy }) =>
        `${message.id === ours ? 'ours' : 'others'} ${delivery.domain}${heldBy.length > 0 ? ' held' : ''}`,
    );
  const as = (actor: Partial<Actor>) => administrationOf(office.ports, { ...ROOT, ...actor });
  return { office, left, as };
}

const all = ['ours far.example', 'ours near.example', 'others far.example', 'others near.example'];
const part = { nextHop: 'lmtp far:24' };

test('an act by next hop means all that goes there, counted before, and its record names the hop', async () => {
  const { office, left } = await openTwo();
  assert.equal(await office.countQueue({ part }), 2);
  assert.equal((await office.listQueue({ part, max: 9 })).deliveries, 2);
  assert.deepEqual(await left(), all);
  assert.equal((await office.changeQueue({ part, action: 'hold' })).changed, 2);
  assert.deepEqual(await office.newest(), {
    ...{ by: 'root (command line)', action: 'hold' },
    detail: { nextHop: 'lmtp far:24', reason: 'ticket 4711' },
  });
  assert.deepEqual(await left(), [`${all[0]} held`, all[1], `${all[2]} held`, all[3]]);
  assert.equal((await office.changeQueue({ part, action: 'release' })).changed, 2);
  assert.equal((await office.changeQueue({ part, action: 'retry' })).changed, 2);
  assert.equal((await office.bounceQueue({ part })).count, 2);
  assert.equal((await office.changeQueue({ part: { nextHop: 'files' }, action: 'drop' })).changed, 4);
  assert.deepEqual(await left(), [], 'the reports went there too');
});

test('a next hop that the configuration does not have is refused, with the names of those that there are', async () => {
  const { office, left } = await openTwo();
  const unknown = { part: { nextHop: 'lmtp gone:24' } };
  const told = failsWith('usage', /has no next hop "lmtp gone:24"; it has "files", "lmtp far:24"$/);
  await assert.rejects(office.countQueue(unknown), told);
  await assert.rejects(office.changeQueue({ ...unknown, action: 'drop' }), told);
  await assert.rejects(office.bounceQueue(unknown), told);
  assert.deepEqual(await left(), all);
});

test('who is not told where mail goes can not ask by next hop: what there is and what there is not answer alike', async () => {
  const { left, as } = await openTwo();
  const own = { identity: 'alice@example.org' };
  for (const actor of [
    as({ role: 'domainAdmin', domains: ['example.org'] }),
    as({ role: 'user', identityId: 'id-alice@example.org' }),
  ])
    for (const nextHop of ['lmtp far:24', 'files', 'lmtp gone:24'])
      for (const asked of [{ nextHop }, { nextHop, ...own }]) {
        const told = failsWith('denied', /^this is not for the role \S+, but for desk, auditor, admin$/);
        await assert.rejects(actor.listQueue({ part: asked, max: 9 }), told);
        const denied = failsWith('denied', /^this is not for the role/);
        await assert.rejects(actor.countQueue({ part: asked }), denied);
        for (const action of ['hold', 'release', 'retry', 'drop'] as const)
          await assert.rejects(actor.changeQueue({ part: asked, action }), denied, action);
        await assert.rejects(actor.bounceQueue({ part: asked }), denied);
      }
  assert.deepEqual(await left(), all);
});

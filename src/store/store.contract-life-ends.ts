// The contract of an engine that several nodes share, continued: how a life ends in order, and who may have its name when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEYOND_MS, LEASE_MS, type Place, PULSE_MS } from './lease.ts';
import { acceptOf, final, settleOf } from './store.contract-fixtures.ts';
import { ID, lives, type OpenShared, owners, twoNodes } from './store.contract-lives.ts';

export function endsContract(name: string, open: OpenShared): void {
  endContract(name, open);
  namesContract(name, open);
}

function endContract(name: string, open: OpenShared): void {
  test(`${name}: what a life held that ends in order is due at once, others hear of it with their next pulse, and nobody takes over from it`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, heard, pass, accept, claimed } = nodes;
    await pass(LEASE_MS + PULSE_MS, 'a', 'b');
    assert.deepEqual(await a.one(accept({ dueAt: clock.now() + 3_600_000 })), { type: 'accepted' });
    await a.end();
    const taken = await claimed('b', '1');
    assert.deepEqual(
      taken.map(({ attempt }) => attempt),
      [2, 2],
    );
    heard.b.length = 0;
    const answer = await b.pulse();
    assert.ok(answer.type === 'alive');
    assert.deepEqual(answer.tookOver, []);
    if (name !== 'memory') assert.deepEqual(heard.b, [{ type: 'due' }]);
    assert.deepEqual(await a.pulse(), { type: 'dead' }, 'it never comes back');
    const late = settleOf(
      owners.a,
      taken.map((delivery) => ({ ...delivery, attempt: 1 })),
      final,
      clock.now(),
    );
    assert.deepEqual(await a.one(late), { type: 'stale' });
    await pass(LEASE_MS + BEYOND_MS + PULSE_MS, 'b');
    const { lives: all } = await nodes.shared.lookups.nodes();
    assert.deepEqual(
      all.map(({ node, state }) => [node, state]),
      [
        ['a', 'ended'],
        ['b', 'alive'],
      ],
    );
  });

  test(`${name}: what comes late from a life that ended in order is given back at the next pulse of another`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, accept, claimed } = nodes;
    await a.end();
    assert.deepEqual(await a.one(accept()), { type: 'accepted' });
    assert.deepEqual(await claimed('b', '1'), []);
    await b.pulse();
    assert.equal((await claimed('b', '2')).length, 2);
  });

  test(`${name}: what a life has counted for limits counts when it has ended in order, up to its last message`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock } = nodes;
    const charged = (n: number) =>
      acceptOf(`${ID.slice(0, -1)}${n}`, clock.now(), {
        ...{ owner: owners.a, identityId: 'i1' },
        charge: { identityId: 'i1', limits: { messagesPerHour: 3 } },
      });
    for (const n of [1, 2, 3]) assert.equal((await a.one(charged(n)))?.type, 'accepted');
    await a.end();
    assert.equal((await b.one(charged(4)))?.type, 'limited');
  });
}

const here: Place = { host: 'h1', lock: 'boot/1/2' };

function namesContract(name: string, open: OpenShared): void {
  const next = { node: 'a', incarnation: '2' };
  /** Another life of the name of `a`, which runs at a place. */
  const second = async (nodes: Awaited<ReturnType<typeof twoNodes>>, place?: Place) => {
    const options = { onNotice: () => undefined, ...(place === undefined ? {} : { place }) };
    const writer = await nodes.shared.writer(options);
    return async (isFirst = true) => writer.pulse(next, isFirst);
  };

  test(`${name}: a life is not begun while another may live that has its name: it is told which one, and begins when the lease of that one is over`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, accept, claimed } = nodes;
    const begin = await second(nodes, here);
    const until = clock.now() + LEASE_MS;
    assert.deepEqual(await begin(), { type: 'taken', by: { ...lives.a, until } });
    assert.deepEqual(await begin(false), { type: 'dead' }, 'it does not stand there');
    clock.advance(PULSE_MS);
    assert.equal((await a.pulse()).type, 'alive');
    assert.deepEqual(await begin(), { type: 'taken', by: { ...lives.a, until: until + PULSE_MS } });
    assert.deepEqual(await a.one(accept()), { type: 'accepted' });
    clock.advance(LEASE_MS + BEYOND_MS);
    assert.equal((await begin()).type, 'taken');
    clock.advance(1);
    assert.equal((await begin()).type, 'alive');
    assert.equal((await claimed('b', '1')).length, 2, 'what it held is due');
    assert.deepEqual(await a.pulse(), { type: 'dead' });
    assert.equal((await b.pulse()).type, 'alive');
  });

  test(`${name}: a life that ended in order leaves its name at once`, async () => {
    await using nodes = await twoNodes(open);
    const begin = await second(nodes);
    await nodes.a.end();
    assert.equal((await begin()).type, 'alive');
  });

  test(`${name}: who holds the lock that an earlier life of its name had begins at once, and nobody else`, async () => {
    await using nodes = await twoNodes(open);
    const first = await (await second(nodes, here))();
    assert.equal(first.type, 'taken');
    await nodes.a.end();
    const holder = await second(nodes, here);
    assert.equal((await holder()).type, 'alive');
    const third = { node: 'a', incarnation: '3' };
    const others: readonly (Place | undefined)[] = [undefined, { host: 'h1' }, { ...here, lock: 'boot/1/3' }];
    for (const place of others) {
      const options = { onNotice: () => undefined, ...(place === undefined ? {} : { place }) };
      const writer = await nodes.shared.writer(options);
      const answer = await writer.pulse(third, true);
      assert.ok(answer.type === 'taken');
      assert.deepEqual([answer.by.incarnation, answer.by.host], ['2', 'h1']);
    }
    const again = await nodes.shared.writer({ onNotice: () => undefined, place: here });
    assert.equal((await again.pulse(third, true)).type, 'alive');
    assert.deepEqual(await holder(false), { type: 'dead' });
  });

  test(`${name}: of two that begin at once with one name one is told of the other`, async () => {
    await using nodes = await twoNodes(open);
    await nodes.a.end();
    const writers = [
      await nodes.shared.writer({ onNotice: () => undefined }),
      await nodes.shared.writer({ onNotice: () => undefined }),
    ];
    const answers = await Promise.all(
      writers.map(async (writer, at) => writer.pulse({ node: 'a', incarnation: `x${at}` }, true)),
    );
    assert.deepEqual(answers.map(({ type }) => type).toSorted(), ['alive', 'taken']);
  });
}

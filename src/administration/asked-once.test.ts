// What lists messages asks the store as often for many of them as for one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice, ROOT } from '../../test/fakes/administration.ts';
import { countedLookups } from '../../test/fakes/counted-lookups.ts';
import { messageIdSource } from '../base/message-id.ts';
import { acceptOf, countedEntropy, identityChange, identityOf } from '../store/store.contract-fixtures.ts';
import { stillQueued } from '../console/still-queued.ts';
import type { Actor } from './actor.ts';
import { type Administration, administrationOf } from './use-cases.ts';

const ALICE = 'alice@example.org';
const FEW = 2;
const MANY = 20;

const alice: Actor = { who: ALICE, through: 'console', role: 'user', identityId: 'id-alice' };
const domainAdmin: Actor = {
  ...{ who: 'admin@example.org', through: 'console', role: 'domainAdmin', domains: ['example.org'] },
};

const lists: readonly {
  readonly what: string;
  readonly actor: Actor;
  ask(as: Administration, max: number): Promise<number>;
}[] = [
  {
    what: 'the trace of an address',
    actor: ROOT,
    ask: async (as, max) =>
      (await as.traceWords({ words: ALICE, range: { max } }))?.answer.messages.length ?? 0,
  },
  {
    what: 'the same for a domain admin',
    actor: domainAdmin,
    ask: async (as, max) =>
      (await as.traceWords({ words: ALICE, range: { max } }))?.answer.messages.length ?? 0,
  },
  {
    what: 'what still waits of a trace',
    actor: ROOT,
    async ask(as, max) {
      const messages = (await as.traceWords({ words: ALICE, range: { max } }))?.answer.messages ?? [];
      return (await stillQueued({ may: () => true, administration: () => as }, messages)).size;
    },
  },
  {
    what: 'what came last',
    actor: ROOT,
    ask: async (as, max) => (await as.recentMessages({ max })).length,
  },
  {
    what: 'my mail',
    actor: alice,
    ask: async (as, max) => (await as.myMail({ max })).messages.length,
  },
  {
    what: 'the queue',
    actor: ROOT,
    ask: async (as, max) => (await as.listQueue({ part: {}, max })).entries.length,
  },
];

for (const { what, actor, ask } of lists)
  test(`${what}: so many questions, however much is listed`, async () => {
    const office = openOffice();
    const { store } = office.ports;
    const now = office.clock.now();
    const identity = identityOf(ALICE, { id: 'id-alice' });
    await store.commit([identityChange(identity, 0, now)]);
    const entropy = countedEntropy();
    const ids = messageIdSource((length) => entropy.bytes(length));
    const said = { from: ALICE, identityId: identity.id, to: ['bob@far.example'] };
    await store.commit(Array.from({ length: MANY + 1 }, () => acceptOf(ids.next(now), now, said)));
    const { lookups, asked } = countedLookups(office.ports.lookups);
    const as = administrationOf({ ...office.ports, lookups }, actor);
    const counts: number[] = [];
    for (const max of [FEW, MANY]) {
      const before = asked();
      assert.equal(await ask(as, max), max);
      counts.push(asked() - before);
    }
    assert.equal(counts[0], counts[1]);
  });

// Many questions of one person at once: how many are worked on, how many wait, and that nobody else waits for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import type { Actor } from './actor.ts';
import { ComeAgain } from './failure.ts';
import { createTurns } from './turns.ts';
import { administrationOf } from './use-cases.ts';

const LOGIN = 'alice@example.org';

/** Look-ups of events that answer when they are let go. */
async function begin() {
  const office = openOffice();
  const { lookups } = office.ports;
  const gates: (() => void)[] = [];
  const ports = {
    ...office.ports,
    turns: createTurns(),
    lookups: {
      ...lookups,
      async findEvents(...asked: Parameters<typeof lookups.findEvents>) {
        const { promise, resolve } = Promise.withResolvers<void>();
        gates.push(resolve);
        await promise;
        return lookups.findEvents(...asked);
      },
    },
  };
  const personOf = async (login: string) => {
    const { id: identityId } = await office.addAccount({ login, mailbox: true, allowReserved: false });
    const actor: Actor = { who: login, through: 'console', role: 'user', identityId };
    return () => administrationOf(ports, actor);
  };
  return { gates, personOf };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('of 32 questions of one person two are worked on, eight wait, and the rest is told to come again', async () => {
  const { gates, personOf } = await begin();
  const alice = await personOf(LOGIN);
  const all = Array.from({ length: 32 }, async () => alice().myMail({ max: 100 }));
  const outcomes = Promise.allSettled(all);
  await settled();
  assert.equal(gates.length, 2);
  for (let at = 0; at < 10; at += 1) {
    gates[at]?.();
    await settled();
    assert.ok(gates.length <= at + 3);
  }
  // Else what waits for its turn would be waited for without an end.
  assert.equal(gates.length, 10);
  const refused = (await outcomes).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  assert.equal(refused.length, 22);
  assert.ok(refused.every((error) => error instanceof ComeAgain));
});

test('nobody waits for the questions of somebody else, and a question that failed gives its place back', async () => {
  const { gates, personOf } = await begin();
  const [alice, bob] = [await personOf(LOGIN), await personOf('bob@example.org')];
  const hers = Promise.allSettled(
    Array.from({ length: 4 }, async () => alice().myMail({ max: 1, after: 'no cursor' })),
  );
  await settled();
  const his = bob().myMail({ max: 1 });
  await settled();
  assert.equal(gates.length, 3);
  for (let at = 0; at < 5; at += 1) {
    gates[at]?.();
    await settled();
  }
  assert.equal(gates.length, 5);
  assert.deepEqual((await his).messages, []);
  assert.ok((await hers).every(({ status }) => status === 'rejected'));
  const again = alice().myMail({ max: 1 });
  await settled();
  assert.equal(gates.length, 6);
  gates[5]?.();
  assert.deepEqual((await again).messages, []);
});

// What main does for the console's thread: reports are written here, with the keys of the configuration in force.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { openOffice } from '../../test/fakes/administration.ts';
import { parseConfig } from '../config/load.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';
import { createWishes } from './face-wishes.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

const loadedOf = (hostname: string) => ({
  ...{ file: 'x', directory: '/', path: (name: string) => name },
  config: parseConfig(
    `hostname: ${hostname}\ndomains: [example.org]\nrelay: { files: ./out }\ntls: { cert: c, key: k }`,
    'x',
  ),
});

async function begin() {
  const { ports } = openOffice({
    copy: () => Promise.resolve({ content: (async function* () {})(), close: () => Promise.resolve() }),
  });
  await ports.store.commit([acceptOf(ID, ports.clock.now(), {})]);
  const [entry] = await ports.lookups.queue({}, { max: 1 });
  const message = entry?.message ?? assert.fail();
  const order = {
    message,
    recipients: [
      { forwardPath: 'bob@example.net', action: 'failed', status: '5.0.0', diagnostic: 'no' },
    ] as const,
  };
  const inForce = { loaded: loadedOf('a.example.org') };
  let asked = 0;
  let fails = false;
  const wishes = createWishes({
    ...{ inForce, clock: virtualClock(0) },
    administration: {
      ...{ lookups: ports.lookups, copy: ports.copy, dkimKeys: ports.dkimKeys },
      reports() {
        asked += 1;
        return fails ? Promise.reject(new Error('dkim.key: there is no such file')) : ports.reports();
      },
    },
    condition: () => Promise.reject(new Error('not asked here')),
    nearLimits: () => Promise.resolve(['id-alice']),
  });
  const { answer } = wishes;
  return {
    answer,
    wishes,
    order,
    inForce,
    asked: () => asked,
    fail: (now: boolean) => void (fails = now),
    ports,
  };
}

test('a report is written with the header of the message, and keys are read once for each configuration', async () => {
  const { answer, order, inForce, asked } = await begin();
  const report = (await answer({ ask: 'report', order })) as ReturnType<typeof acceptOf>;
  assert.equal(report.type, 'accept');
  assert.equal(report.recipients[0]?.forwardPath, order.message.envelope.reversePath);
  await answer({ ask: 'report', order });
  assert.equal(asked(), 1);
  inForce.loaded = loadedOf('b.example.org');
  await answer({ ask: 'report', order });
  assert.equal(asked(), 2);
});

test('whose limits are near their end is what main knows', async () => {
  const { answer } = await begin();
  assert.deepEqual(await answer({ ask: 'nearLimits' }), ['id-alice']);
});

test('keys that can not be read are read again for the next report', async () => {
  const { answer, order, fail } = await begin();
  fail(true);
  await assert.rejects(answer({ ask: 'report', order }), /no such file/);
  fail(false);
  await answer({ ask: 'report', order });
});

test('a message that was delivered meanwhile has no report', async () => {
  const { answer, order, ports } = await begin();
  await ports.store.commit([
    { type: 'queue', action: 'drop', selector: { messageId: ID }, now: ports.clock.now(), by: 'root' },
  ]);
  await assert.rejects(answer({ ask: 'report', order }), /was delivered meanwhile/);
});

test('a copy that the thread was sent is let go with the thread', async () => {
  const { wishes } = await begin();
  await wishes.answer({ ask: 'copy' });
  await assert.rejects(wishes.answer({ ask: 'copy' }), /sends a copy to somebody already/);
  await wishes.end();
  await wishes.answer({ ask: 'copy' });
});

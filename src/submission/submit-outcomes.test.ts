// What becomes of a message whose accept comes to nothing, or to nobody knows what.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1 } from '../base/bytes.ts';
import { StoreUnavailable } from '../store/port.ts';
import type { Door } from './context.ts';
import { alice, door, submissionWorld, type World } from '../../test/fakes/submission.ts';
import {
  WHOLE,
  open,
  submit,
  turn,
  answer,
  acceptsIn,
  onlyAccept,
  freed,
} from '../../test/fakes/submitted.ts';

type Failing = readonly [act: (world: World) => void, expected: string, why: string];
const full = (code: string): Error => Object.assign(new Error('write'), { code });

const outcomes: readonly Failing[] = [
  [
    ({ store }) => (store.answer = () => ({ type: 'limited', limit: 'messagesPerHour', hard: false })),
    '451 4.7.1',
    'over the hour',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'limited', limit: 'messagesPerDay', hard: true })),
    '550 5.7.1',
    'over the day',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'full', cause: 'free space' })),
    '452 4.3.1',
    'the floor of free space',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'queueFull', cause: 'as many as may' })),
    '452 4.3.1',
    'a full queue',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'failed', cause: 'bug' })),
    '451 4.3.0',
    'this change alone failed',
  ],
  [({ store }) => (store.answer = () => Promise.reject(new Error('bug'))), '451 4.3.0', 'anything else'],
  [
    ({ store }) => (store.staging = () => Promise.reject(full('ENOSPC'))),
    '452 4.3.1',
    'no space for the body',
  ],
  [({ store }) => (store.staging = () => Promise.reject(full('EDQUOT'))), '452 4.3.1', 'nor in the quota'],
  [({ store }) => (store.staging = () => Promise.reject(full('EIO'))), '451 4.3.0', 'a broken disk'],
];

test('every outcome that is no acceptance is told as such, and leaves nothing behind', async () => {
  for (const [act, expected, why] of outcomes) {
    const world = await submissionWorld();
    act(world);
    assert.equal(answer(await submit(world, `${WHOLE}${'x'.repeat(300_000)}`, door, 65_536)), expected, why);
    assert.equal(world.context.memory.used, 0, why);
    assert.equal(world.handedOver.length, 0, why);
    assert.deepEqual(freed(world), [], why);
  }
});

test('after an unknown outcome the client is told to come again, and the message is taken back', async () => {
  const world = await submissionWorld({ relayFromMemory: true });
  let times = 0;
  world.store.answer = ({ type }) => {
    times += 1;
    if (type === 'accept' || times < 4) throw new StoreUnavailable('gone');
    // A change that was not done is asked again as well.
    return times === 4 ? { type: 'failed', cause: 'database or disk is full' } : undefined;
  };
  assert.equal(answer(await submit(world, WHOLE)), '451 4.3.0');
  assert.equal(world.context.withdrawing.size, 1, 'a drain waits for it');
  for (let second = 0; second < 5; second += 1) {
    await new Promise(setImmediate);
    world.clock.advance(1000);
  }
  const { message } = onlyAccept(world);
  assert.equal(world.context.withdrawing.size, 0);
  const last = world.store.changes.at(-1);
  assert.ok(last?.type === 'withdraw');
  assert.deepEqual([last.messageId, last.owner], [message.id, world.context.holder.owner]);
  assert.equal(world.clock.waiting, 0, 'asked until the store had answered, and no more');
  assert.equal(world.context.memory.used, 0);
});

test('after an unknown outcome the stage stays: the message may be in the queue', async () => {
  const world = await submissionWorld();
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('gone');
    return undefined;
  };
  assert.equal(answer(await submit(world, `${WHOLE}${'x'.repeat(300_000)}`)), '451 4.3.0');
  assert.equal(world.store.stages.get(onlyAccept(world).message.id)?.state, 'finished');
});

test('5321-y: a client that was told to come again while its message was accepted finds it taken back, or not taken', async () => {
  for (const when of ['staging', 'committing'] as const) {
    const world = await submissionWorld({ relayFromMemory: true });
    const submission = open(world);
    const body = when === 'staging' ? 'x'.repeat(300_000) : 'x';
    await submission.write(latin1(`${WHOLE}${body}`));
    const giveUp = (): Promise<undefined> => {
      submission.giveUp();
      return Promise.resolve(undefined);
    };
    if (when === 'staging')
      world.store.staging = (step) => (step === 'finish' ? giveUp() : Promise.resolve());
    else world.store.answer = ({ type }) => (type === 'accept' ? giveUp() : undefined);
    assert.equal(answer(await submission.finish()), '451 4.3.0', when);
    const expected = when === 'staging' ? [] : ['accept', 'withdraw'];
    assert.deepEqual(
      world.store.changes.map(({ type }) => type).filter((type) => type !== 'sharedKey'),
      expected,
      when,
    );
    assert.deepEqual(world.handedOver, []);
    assert.equal(world.context.memory.used, 0);
  }
});

test('a client that leaves while its message is accepted takes no body away', async () => {
  const world = await submissionWorld();
  const submission = open(world);
  await submission.write(latin1(`${WHOLE}${'x'.repeat(300_000)}`));
  const finishing = submission.finish();
  await submission.abort();
  assert.equal(answer(await finishing), '250');
  await submission.abort();
  assert.equal(world.store.stages.get(submission.id)?.state, 'finished');
});

test('a transaction that is void leaves neither memory nor stage', async () => {
  for (const text of ['From: al', WHOLE, `${WHOLE}${'x'.repeat(300_000)}`]) {
    const world = await submissionWorld();
    const submission = open(world);
    await submission.write(latin1(text));
    await submission.abort();
    assert.equal(world.context.memory.used, 0);
    assert.notEqual(world.store.stages.get(submission.id)?.state, 'open');
    assert.equal(acceptsIn(world).length, 0);
  }
});

test('an accept with an undo window is taken back like others when its outcome is unknown', async () => {
  const world = await submissionWorld();
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('gone');
    return undefined;
  };
  const through: Door = { ...door, principal: { ...alice, undoSeconds: 10 } };
  assert.equal(answer(await submit(world, WHOLE, through)), '451 4.3.0');
  await turn();
  assert.deepEqual(
    world.store.changes.map(({ type }) => type).filter((type) => type !== 'sharedKey'),
    ['accept', 'withdraw'],
  );
});

test('where other nodes relay, a message whose outcome is not known is taken back all the same', async () => {
  const world = await submissionWorld({ relaysHere: false });
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('no answer');
    return undefined;
  };
  assert.equal(answer(await submit(world, WHOLE)), '451 4.3.0');
  await turn();
  assert.deepEqual(
    world.store.changes
      .filter(({ type }) => type === 'withdraw')
      .map((change) => 'messageId' in change && change.messageId),
    [onlyAccept(world).message.id],
  );
});

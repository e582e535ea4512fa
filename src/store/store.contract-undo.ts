// Contract: undo. A sender takes a message back before it leaves, whole or not at all; of a claim and an undo at the same moment one wins.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageId } from '../base/message-id.ts';
import type { QueueChange } from './queue-change.ts';
import {
  Bench,
  changed,
  final,
  identityOf,
  MINUTE,
  type Open,
  type Said,
  settleOf,
  START,
} from './store.contract-fixtures.ts';
import type { UndoChange } from './undo.ts';

const WINDOW = 10_000;
const alice = identityOf('alice@example.org');
const to = ['a@x.example', 'b@y.example'];
const sent: Said = { to, identityId: alice.id, dueAt: START + WINDOW };

const undoOf = (messageId: MessageId, now: number, said: Partial<UndoChange> = {}): UndoChange => ({
  ...{ type: 'undo', messageId, identityId: alice.id, recipients: to.length, now, by: 'alice (console)' },
  ...said,
});

interface Late {
  readonly why: string;
  readonly sent?: Said;
  /** What happens before it is asked. */
  before?(bench: Bench, messageId: MessageId): Promise<unknown>;
  readonly asked?: Partial<UndoChange>;
  /** Recipients that are in the queue then; absent: both. */
  readonly left?: number;
}

const command = (bench: Bench, said: Pick<QueueChange, 'action' | 'selector'> & Partial<QueueChange>) =>
  bench.one({ type: 'queue', now: bench.clock.now(), by: 'root', ...said });
const retryFirst = (bench: Bench) =>
  command(bench, { action: 'retry', selector: { to: to[0] ?? '' } }).then(() => bench.claim('a'));

const late: readonly Late[] = [
  { why: 'it is due', before: async ({ clock }) => clock.advance(WINDOW) },
  {
    why: 'it was claimed',
    async before(bench) {
      bench.clock.advance(WINDOW);
      await bench.claim('a');
    },
  },
  { why: 'one of its recipients was claimed', before: retryFirst },
  {
    why: 'one of its recipients was claimed, and given back untried',
    async before(bench) {
      await retryFirst(bench);
      await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() + WINDOW });
    },
  },
  {
    why: 'one of its recipients has left',
    async before(bench) {
      const claimed = await retryFirst(bench);
      await bench.one(settleOf('a', claimed, final, bench.clock.now()));
    },
    left: 1,
  },
  { why: 'an operator has let it go', before: (bench) => command(bench, { action: 'retry', selector: {} }) },
  { why: 'an operator holds it', before: (bench) => command(bench, { action: 'hold', selector: {} }) },
  {
    why: 'one of its recipients is held for a review',
    before: (bench) => command(bench, { action: 'hold', selector: { to: to[1] ?? '' }, reason: 'review' }),
  },
  {
    why: 'it was held, and let go on',
    async before(bench) {
      await command(bench, { action: 'hold', selector: {} });
      await command(bench, { action: 'release', selector: {} });
    },
  },
  {
    why: 'its identity may not send',
    before: (bench) => bench.written(changed(alice, { state: 'suspended' })),
  },
  { why: 'it is in hand from its birth', sent: { ...sent, owner: 'a' } },
  { why: 'it has no window', sent: { ...sent, dueAt: START } },
  { why: 'somebody else sent it', asked: { identityId: 'id-carol' } },
  { why: 'nobody here sent it', sent: { to, dueAt: START + WINDOW } },
  { why: 'it has another number of recipients', asked: { recipients: 1 } },
  { why: 'there is no such message', asked: { messageId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' } },
  { why: 'it is no id', asked: { messageId: "x' OR true" } },
];

export function undoContract(name: string, open: Open): void {
  doneContract(name, open);
  lateContract(name, open);
  raceContract(name, open);
}

function doneContract(name: string, open: Open): void {
  test(`${name}: who takes his mail back has it out of the queue with its content, and an event of each recipient says that it was he`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const { message } = await bench.accepted(sent);
    await bench.accepted({ ...sent, to: ['c@x.example'] });
    bench.clock.advance(WINDOW - 1);
    const now = bench.clock.now();
    assert.deepEqual(await bench.one(undoOf(message.id.toLowerCase(), now)), { type: 'undone' });
    assert.equal((await bench.queued()).length, 1, 'that of the other message');
    assert.equal(await bench.lookups.content(message.id), undefined);
    const [accepted, ...undone] = await bench.lookups.eventsOfMessage(message.id, 9);
    assert.equal(accepted?.type, 'accepted');
    assert.deepEqual(
      undone.map(({ type, time, identityId, payload }) => ({ type, time, identityId, payload })),
      to.map((recipient, recipientNumber) => ({
        ...{ type: 'dropped', time: now, identityId: alice.id },
        payload: {
          ...{ recipient, recipientNumber, attempt: 0, status: '5.0.0', takenBack: true },
          diagnostic: 'taken back by its sender before it left: alice (console)',
        },
      })),
    );
    assert.deepEqual(await bench.one(undoOf(message.id, now)), { type: 'tooLate' }, 'it is gone');
    await bench.restart();
    bench.clock.advance(WINDOW);
    assert.equal((await bench.claim('a')).length, 1);
    assert.equal((await bench.lookups.eventsOfMessage(message.id, 9)).length, 3);
  });

  test(`${name}: what an operator has dropped of it is not counted`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted(sent);
    await command(bench, { action: 'drop', selector: { to: to[0] ?? '' } });
    const asked = undoOf(message.id, bench.clock.now(), { recipients: 1 });
    assert.deepEqual(await bench.one(asked), { type: 'undone' });
    assert.deepEqual(await bench.queued(), []);
  });
}

function lateContract(name: string, open: Open): void {
  for (const { why, sent: said = sent, before, asked = {}, left = to.length } of late)
    test(`${name}: nothing is taken back when ${why}`, async () => {
      await using bench = await Bench.open(open);
      await bench.written(alice);
      const { message } = await bench.accepted(said);
      await before?.(bench, message.id);
      const events = (await bench.events()).length;
      assert.deepEqual(await bench.one(undoOf(message.id, bench.clock.now(), asked)), { type: 'tooLate' });
      assert.equal((await bench.queued()).length, left);
      assert.equal((await bench.events()).length, events);
    });
}

function raceContract(name: string, open: Open): void {
  test(`${name}: of an undo and what lets the message go at the same moment one wins, and none does half`, async () => {
    await using bench = await Bench.open(open);
    const [one, other] = await bench.both();
    let undone = 0;
    let left = 0;
    for (let round = 0; round < 20; round += 1) {
      const now = bench.clock.now();
      const { message } = await bench.accepted({ ...sent, dueAt: now + WINDOW });
      const go = {
        type: 'queue',
        action: 'retry',
        selector: { messageId: message.id },
        now,
        by: 'root',
      } as const;
      const claim = { type: 'claim', owner: 'a', token: String(round), shares: [{ max: 100 }] } as const;
      const undo = undoOf(message.id, now);
      // Each is asked first as often as the other, and once alone: who wins the others is up to the engine.
      const isFirst = round % 2 === 0;
      const first = isFirst ? one.commit([undo]) : undefined;
      if (round === 0) await first;
      const going = other.commit([go, claim]);
      if (round === 1) await going;
      const [[taken], [, claimed]] = await Promise.all([first ?? one.commit([undo]), going]);
      assert.ok(claimed.type === 'claimed');
      // A claim passes by what an undo is just looking at.
      bench.clock.advance(MINUTE);
      const gone = [...claimed.deliveries, ...(await bench.claim('b'))];
      assert.equal(gone.length, taken.type === 'undone' ? 0 : to.length);
      if (taken.type === 'undone') undone += 1;
      else left += 1;
      const events = await bench.lookups.eventsOfMessage(message.id, 9);
      assert.equal(events.length, taken.type === 'undone' ? 3 : 1);
    }
    assert.ok(undone > 0 && left > 0, 'each won some');
  });
}

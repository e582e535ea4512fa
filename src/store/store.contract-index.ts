// Contract of engines with an index of the trail: it changes no answer, however far it has come, and what a word has a great many of is read page by page.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { verifyTrail } from '../audit/verify.ts';
import type { Lookups } from './lookups.ts';
import { acceptOf, type Bench, DAY } from './store.contract-fixtures.ts';
import { delivered, findable, findableTerms, unfindableTerms } from './store.contract-trail.ts';

export interface Indexing {
  readonly bench: Bench;
  /** Indexes up to `max` events of each chain; true: there are more. */
  indexTail(max: number): boolean | Promise<boolean>;
}

export function indexContract(
  name: string,
  open: (t: TestContext) => Promise<Indexing>,
  skip: string | false = false,
): void {
  laggingContract(name, open, skip);
  manyContract(name, open, skip);
  longContract(name, open, skip);
}

/** Everything that a look-up in the trail can tell. */
async function trailAnswers(lookups: Lookups, ids: readonly string[]): Promise<unknown> {
  const terms = [...findableTerms, ...unfindableTerms].map(({ term }) => term);
  const byId = ids.map((id) => ({ kind: 'id', id }) as const);
  return {
    found: await Promise.all([...terms, ...byId].map((term) => lookups.findMessages(term, { max: 9 }))),
    told: await Promise.all(ids.map((id) => lookups.eventsOfMessage(id, 99))),
  };
}

function laggingContract(
  name: string,
  open: (t: TestContext) => Promise<Indexing>,
  skip: string | false,
): void {
  test(
    `BCP134-3.1-h: ${name}: the index of the trail changes no answer, however far it has come`,
    { skip },
    async (t) => {
      const { bench, indexTail } = await open(t);
      const ids: string[] = [];
      const deliverSome = async (): Promise<void> => {
        ids.push(await delivered(bench, findable));
        ids.push(await delivered(bench, { identityId: 'i2', from: 'x@example.org' }));
        bench.clock.advance(DAY);
      };
      const indexAll = async (why: string, max: number): Promise<void> => {
        const before = await trailAnswers(bench.lookups, ids);
        for (let slice = 1; await indexTail(max); slice += 1) {
          assert.deepEqual(await trailAnswers(bench.lookups, ids), before, `${why}, after slice ${slice}`);
        }
        assert.deepEqual(await trailAnswers(bench.lookups, ids), before, why);
      };
      for (let count = 0; count < 4; count += 1) await deliverSome();
      await indexAll('nothing was forgotten', 4);

      // Forgotten when it was indexed, and before it was.
      await deliverSome();
      const purge = {
        type: 'purge',
        eventsBefore: bench.clock.now() - 4 * DAY,
        now: bench.clock.now(),
        max: 99,
      } as const;
      assert.equal((await bench.one(purge)).type, 'purged');
      await indexAll('some was purged after it was indexed', 4);
      for (const { why, term } of findableTerms)
        assert.ok(!(await bench.findIds(term, 99)).includes(ids[0] ?? ''), `purged: ${why}`);
      assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
      await deliverSome();
      const before = bench.clock.now();
      const erase = {
        type: 'erase',
        addresses: ['carla@bücher.example'],
        before,
        now: before,
        by: 'root',
      } as const;
      assert.deepEqual(await bench.one(erase), { type: 'erased', count: 25, kept: 0 });
      await indexAll('some was erased before it was indexed', 4);
      assert.equal(await indexTail(4), false);
    },
  );
}

function manyContract(name: string, open: (t: TestContext) => Promise<Indexing>, skip: string | false): void {
  test(
    `BCP134-3.1-h: ${name}: what an address has a great many of is read newest first, page by page, and no further than asked`,
    { skip },
    async (t) => {
      const { bench, indexTail } = await open(t);
      const ids: string[] = [];
      for (let count = 0; count < 11; count += 1) {
        const now = bench.clock.now();
        const accepts = Array.from({ length: 100 }, () =>
          acceptOf(bench.nextId(), now, { dueAt: now + DAY }),
        );
        await bench.store.commit(accepts);
        ids.unshift(...accepts.map(({ message }) => message.id).toReversed());
      }
      const [event] = await bench.lookups.eventsOfMessage(ids[0] ?? '', 1);
      assert.ok(event?.type === 'accepted' && event.payload !== undefined);
      const term = { kind: 'address', address: event.payload.envelope.reversePath } as const;
      const all = (): Promise<readonly string[]> => bench.findIds(term, 2000);
      assert.deepEqual(await all(), ids, 'from the tail alone');
      // Half of it is indexed, then all: the seams lie in and between pages.
      await indexTail(550);
      assert.deepEqual(await all(), ids);
      while (await indexTail(100));
      assert.deepEqual(await all(), ids);
      assert.deepEqual(await bench.findIds(term, 3), ids.slice(0, 3));
    },
  );
}

/** Letters that no database makes shorter. */
const longValue = Array.from({ length: 998 }, (_, at) =>
  String.fromCodePoint(0x4e00 + ((at * at * 7919 + at * 104_729) % 20_000)),
).join('');

function longContract(name: string, open: (t: TestContext) => Promise<Indexing>, skip: string | false): void {
  test(
    `${name}: a word as long as a sender can make it is found, before and after it is indexed, and forgotten`,
    { skip },
    async (t) => {
      const { bench, indexTail } = await open(t);
      const id = await delivered(bench, { identityId: 'i1', messageIdField: longValue });
      const term = { kind: 'messageIdField', value: longValue } as const;
      const other = { kind: 'messageIdField', value: `${longValue}x` } as const;
      assert.deepEqual(await bench.findIds(term, 9), [id]);
      while (await indexTail(9));
      assert.deepEqual(await bench.findIds(term, 9), [id]);
      assert.deepEqual(await bench.findIds(other, 9), []);
      assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
      bench.clock.advance(DAY);
      const now = bench.clock.now();
      await bench.one({ type: 'purge', eventsBefore: now, now, max: 99 });
      assert.deepEqual(await bench.findIds(term, 9), []);
      assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
    },
  );
}

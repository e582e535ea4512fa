// Contract: the access record. Who looked at what and who came into the console, newest first, by time, by person, in parts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft } from '../record/events.ts';
import { type Cursor, EXAMINED_MAX, type LookRange } from './lookups.ts';
import { Bench, DAY, HOUR, MINUTE, type Open, START, started } from './store.contract-fixtures.ts';

function look(time: number, by = 'root (console)', action = 'trace'): EventDraft {
  return { type: 'lookedUp', time, payload: { by, action, detail: { question: 'alice', found: 1 } } };
}

function cameIn(time: number, by = 'root (console)'): EventDraft {
  return { type: 'consoleSession', time, payload: { by, action: 'console sign-in', detail: {} } };
}

async function record(bench: Bench, events: readonly EventDraft[]): Promise<void> {
  assert.deepEqual(await bench.one({ type: 'record', events }), { type: 'recorded' });
}

async function found(bench: Bench, range: Omit<LookRange, 'max'> = {}): Promise<readonly string[]> {
  const { events, next } = await bench.lookups.looks({ max: 100, ...range });
  assert.equal(next, undefined);
  return events.map(({ type, time }) => `${type} ${(time - START) / MINUTE}`);
}

export function looksContract(name: string, open: Open): void {
  whichContract(name, open);
  inPartsContract(name, open);
}

function whichContract(name: string, open: Open): void {
  test(`${name}: looks and sessions of the console, newest first, and nothing else`, async () => {
    await using bench = await Bench.open(open);
    assert.deepEqual(await bench.lookups.looks({ max: 9 }), { events: [] });
    await record(bench, [cameIn(START), started(START), look(START + 2 * MINUTE)]);
    await bench.accepted({ identityId: 'i1' });
    await record(bench, [look(START + MINUTE)]);
    for (const when of ['at once', 'after a restart']) {
      assert.deepEqual(await found(bench), ['lookedUp 2', 'lookedUp 1', 'consoleSession 0'], when);
      await bench.restart();
    }
    const [event] = (await bench.lookups.looks({ max: 1 })).events;
    assert.deepEqual(event?.payload, {
      ...{ by: 'root (console)', action: 'trace' },
      detail: { question: 'alice', found: 1 },
    });
  });

  test(`${name}: looks between two times, by one person`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [
      look(START),
      look(START + MINUTE, 'rooter (console)'),
      look(START + 2 * MINUTE, 'root (command line)'),
      cameIn(START + 3 * MINUTE, 'ada@example.org (API, token 4Q7WJ2ZK)'),
    ]);
    assert.deepEqual(await found(bench, { since: START + MINUTE, until: START + 2 * MINUTE }), [
      'lookedUp 2',
      'lookedUp 1',
    ]);
    assert.deepEqual(await found(bench, { who: 'root' }), ['lookedUp 2', 'lookedUp 0']);
    assert.deepEqual(await found(bench, { who: 'root (console)' }), ['lookedUp 0']);
    assert.deepEqual(await found(bench, { who: 'ada@example.org' }), ['consoleSession 3']);
    assert.deepEqual(await found(bench, { who: '' }), []);
    assert.deepEqual(await found(bench, { until: START - 1 }), []);
  });
}

function inPartsContract(name: string, open: Open): void {
  test(`${name}: looks in parts, also of one moment, and no more is looked at than a part may`, async () => {
    await using bench = await Bench.open(open);
    const times = [0, 1, 1, 1, 2, 2, 3];
    await record(
      bench,
      times.map((minute) => look(START + minute * MINUTE)),
    );
    const seen: number[] = [];
    let after: Cursor | undefined;
    do {
      const part = await bench.lookups.looks({ max: 2, ...(after === undefined ? {} : { after }) });
      assert.ok(part.events.length <= 2);
      seen.push(...part.events.map(({ time }) => (time - START) / MINUTE));
      after = part.next;
    } while (after !== undefined);
    assert.deepEqual(seen, times.toReversed());
    await assert.rejects(bench.lookups.looks({ max: 1, after: 'nowhere' }), { name: 'NotACursor' });

    await record(
      bench,
      Array.from({ length: EXAMINED_MAX }, (_, at) => look(START + HOUR + at)),
    );
    const rare = { who: 'ada', max: 5 };
    const { events, next = '' } = await bench.lookups.looks(rare);
    assert.deepEqual([events, next !== ''], [[], true]);
    assert.deepEqual(await bench.lookups.looks({ ...rare, after: next }), { events: [] });
  });

  test(`${name}: of a look whose content is gone it is still told that there was one`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [look(START)]);
    bench.clock.advance(90 * DAY);
    await record(bench, [look(START + 90 * DAY)]);
    await bench.one({ type: 'purge', now: bench.clock.now(), eventsBefore: START + DAY, max: 100 });
    const { events } = await bench.lookups.looks({ max: 9 });
    assert.deepEqual(
      events.map(({ payload }) => payload !== undefined),
      events.length === 2 ? [true, false] : [true],
    );
  });
}

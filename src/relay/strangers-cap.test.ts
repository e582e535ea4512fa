// How many reports strangers get in a minute, whoever of the fronts sends them, and what the postmaster hears of the others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginMinute, openCounts, planCounts } from '../server/counts.ts';
import { createStrangersCap } from './strangers-cap.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/delivery-job.ts';
import { fakeStore } from '../../test/fakes/submission.ts';
import type { AcceptChange, Outcome } from '../store/port.ts';

test('E-D-5 F-DOS-9/2: ten a minute for the whole process, with as many fronts as there are', () => {
  const plan = planCounts({ rows: 3, connections: 100, key: Buffer.from('sixteen octets..') });
  const caps = [0, 1, 2].map((row) => {
    const counts = openCounts(plan, row);
    const place = counts.placeOf('reports to strangers');
    return createStrangersCap({
      ...{ clock: virtualClock(0), store: fakeStore() },
      countReportToStranger: () => counts.addInMinute(place),
      writer: { write: () => Promise.reject(new Error('unused')), summary: () => Promise.resolve(undefined) },
      log: { warn: () => undefined, error: () => undefined },
    });
  });
  const sent = (): number => {
    const asked = Array.from({ length: 30 }, (_, at) => caps[at % 3]?.refuses());
    return asked.filter((cause) => cause === undefined).length;
  };
  assert.deepEqual([sent(), sent()], [10, 0]);
  beginMinute(plan);
  assert.equal(sent(), 10);
});

const HOUR = 3_600_000;
const accept = { type: 'accept' } as AcceptChange;

/** A cap that refuses all, on a store that answers each summary in turn as `outcomes` say, then accepts. */
function summaries(outcomes: readonly (Outcome | Error)[] = []) {
  const clock = virtualClock(0);
  const store = fakeStore();
  const lines: string[] = [];
  const left = [...outcomes];
  store.answer = () => {
    const outcome = left.shift();
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const cap = createStrangersCap({
    ...{ clock, store, countReportToStranger: () => 11 },
    writer: {
      write: () => Promise.reject(new Error('unused')),
      async summary(_, text) {
        lines.push(text.filter((line) => /trace|In the last hour/.test(line)).join(' '));
        return accept;
      },
    },
    log: { warn: () => undefined, error: () => undefined },
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turns();
  };
  return { cap, lines, pass };
}

test('E-D-5: a summary that the store did not take is written again, with what came meanwhile', async () => {
  const failed: Outcome = { type: 'failed', cause: 'disk' };
  const { cap, lines, pass } = summaries([failed, new Error('away')]);
  cap.withheld('m1');
  cap.withheld('m2');
  await pass(HOUR);
  assert.equal(lines.length, 1);
  cap.withheld('m3');
  for (let n = 0; n < 3; n += 1) await pass(60_000);
  assert.equal(lines.length, 3);
  assert.match(lines[2] ?? '', /hour 3 reports .* m1 .* m2 .* m3/);
  await pass(2 * HOUR);
  assert.equal(lines.length, 3, 'what was told is told once');
});

test('E-D-5: a server that stops tells first what only it knows', async () => {
  const { cap, lines, pass } = summaries();
  cap.withheld('m1');
  await cap.stop();
  assert.match(lines.join(), /hour 1 reports .* m1/);
  await pass(2 * HOUR);
  assert.equal(lines.length, 1);
});

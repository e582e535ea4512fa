// What the fronts counted, put into minutes and quarters of an hour: each count once, whatever dies.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStopwatch } from '../observe/tally.ts';
import { Flow, type FlowCounts, nothing, sum } from './flow.ts';
import { createFrontMetrics } from './front-metrics.ts';

const MINUTE = 60_000;
/** The beginning of a quarter of an hour. */
const START = Date.UTC(2026, 0, 2, 3, 0);

function front(owner: string, accepted: number, attempts: Readonly<Record<string, number>> = {}) {
  const metrics = createFrontMetrics();
  for (let at = 0; at < accepted; at += 1) metrics.accepted(100, 1);
  metrics.refused('relayDenied');
  return {
    ...{ owner, counts: metrics.counts },
    relay: {
      ...{ attempts, repliesLost: 0, leasesLost: 0, deliveryTimes: createStopwatch([1]).times },
      ...{ memoryOctets: 0, underWay: 0, downRoutes: [], learned: [] },
    },
  };
}

const total = (spans: readonly FlowCounts[]): FlowCounts => spans.reduce(sum, nothing);

test('what is sampled more often counts once, by the minute it was sampled in', () => {
  const flow = new Flow(START);
  const attempts = { delivered: 2, relayed: 1, deferred: 4, failed: 1, expired: 1 };
  flow.sample([front('a', 3, attempts)], START);
  flow.sample([front('a', 3, attempts)], START + 10_000);
  flow.sample([front('a', 5, attempts)], START + MINUTE);
  const { hour, day, since } = flow.view(START + MINUTE);
  assert.deepEqual([since, hour.length, day.length], [START, 60, 96]);
  assert.deepEqual(hour.slice(-2), [
    { at: START, accepted: 3, delivered: 3, deferred: 4, failed: 2, refused: 1 },
    { at: START + MINUTE, accepted: 2, delivered: 0, deferred: 0, failed: 0, refused: 0 },
  ]);
  assert.deepEqual(total(hour), total(day));
});

test('a front that died keeps what it had counted, and the one after it begins at nought', () => {
  const flow = new Flow(START);
  flow.sample([front('a.1', 3), front('b.1', 10)], START);
  flow.sample([front('b.1', 11)], START + MINUTE);
  flow.sample([front('a.2', 2), front('b.1', 11)], START + 2 * MINUTE);
  assert.equal(total(flow.view(START + 2 * MINUTE).hour).accepted, 16);
});

test('after an hour it is in the day alone, after a day nowhere', () => {
  const flow = new Flow(START);
  flow.sample([front('a', 7)], START);
  const later = (minutes: number): readonly number[] => {
    flow.sample([front('a', 7)], START + minutes * MINUTE);
    const { hour, day } = flow.view(START + minutes * MINUTE);
    return [total(hour).accepted, total(day).accepted];
  };
  assert.deepEqual([59, 60, 1439, 1440].map(later), [
    [7, 7],
    [0, 7],
    [0, 7],
    [0, 0],
  ]);
});

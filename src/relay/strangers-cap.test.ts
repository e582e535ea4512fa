// How many reports strangers get in a minute, whoever of the fronts sends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginMinute, openCounts, planCounts } from '../server/counts.ts';
import { createStrangersCap } from './strangers-cap.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { fakeStore } from '../../test/fakes/submission.ts';

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
    const asked = Array.from({ length: 30 }, (_, at) => caps[at % 3]?.refuses(`m${at}`));
    return asked.filter((cause) => cause === undefined).length;
  };
  assert.deepEqual([sent(), sent()], [10, 0]);
  beginMinute(plan);
  assert.equal(sent(), 10);
});

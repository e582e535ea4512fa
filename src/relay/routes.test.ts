// Which recipients share a job, and how much each destination may have under way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, hop, message } from '../../test/fakes/delivery-job.ts';
import { createRooms } from './rooms.ts';
import { byRoute } from './routes.ts';
import type { RelaySettings, Route } from './settings.ts';

const routeTo = (host: string): Route => ({ type: 'hops', hops: [{ ...hop, host }] });

const settings: RelaySettings = {
  ...{ hostname: 'msa.example.org', domains: [], retryMs: [1], expireMs: 1, delayNoticeMs: 1 },
  ...{ connectionsMax: 5, memoryOctets: 1 },
  route: routeTo('mta'),
  routes: {
    'a.example': routeTo('inside'),
    'b.example': routeTo('inside'),
    'c.example': routeTo('mta'),
    'd.example': { type: 'files', directory: '/var/mail' },
  },
};

test('E-Q-5/1: recipients whose routes are equal go in one copy, whichever domains name them', () => {
  const domains = ['a.example', 'b.example', 'c.example', 'far.example'];
  const deliveries = domains.map((domain, recipientNumber) => ({ ...delivery, domain, recipientNumber }));
  const { routed, forbidden } = byRoute(settings, message, deliveries);
  assert.deepEqual(forbidden, []);
  assert.deepEqual(
    routed.map((way) => way.deliveries.map(({ domain }) => domain)),
    [
      ['a.example', 'b.example'],
      ['c.example', 'far.example'],
    ],
  );
});

test('E-Q-8: domains of one destination share its room', () => {
  const rooms = createRooms({ settings: () => settings, connectionsMax: () => 5 });
  const shares = (): readonly (readonly [string, number])[] =>
    rooms.shares().map(({ domains = ['others'], max }) => [domains.join(' '), max]);
  assert.deepEqual(shares(), [
    ['a.example b.example', 10],
    ['d.example', 50],
    ['others', 10],
  ]);
  const begun = ['a.example', 'b.example', 'c.example'].map((domain) =>
    rooms.began(settings.routes[domain] ?? settings.route),
  );
  assert.deepEqual(
    shares().map(([, max]) => max),
    [8, 50, 9],
  );
  for (const room of begun) room.ended();
  assert.deepEqual(
    shares().map(([, max]) => max),
    [10, 50, 10],
  );
});

// Which routes share connections: those that are equal in everything a connection is made of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { jobTo, START } from '../../test/fakes/delivery-job.ts';
import { CAPABILITIES, fakeNetwork } from '../../test/fakes/smtp-hosts.ts';
import { host, simulatedNetwork } from '../../test/simulation/network.ts';
import { createCarriers } from './carriers.ts';
import type { Hop, RelaySettings, Route } from './settings.ts';

const hopOf = (user: string): Hop => {
  const auth = { user, password: 'secret' };
  return { protocol: 'smtp', host: 'mta', port: 587, tls: 'required', verify: true, auth };
};

const routeAs = (user: string, more: Partial<Hop> = {}): Route => ({
  type: 'hops',
  hops: [{ ...hopOf(user), ...more }],
});

test('E-Q-6: mail of one route never leaves with the credentials of another to the same host; equal routes share a connection', async () => {
  const network = fakeNetwork({ 'mta:587': { capabilities: CAPABILITIES } });
  const settings: RelaySettings = {
    ...{ hostname: 'msa.example.org', domains: ['example.org'], route: routeAs('one'), routes: {} },
    ...{ retryMs: [900_000], expireMs: 1, delayNoticeMs: 1, connectionsMax: 5, memoryOctets: 1_000_000 },
  };
  const carriers = createCarriers({
    ...{ network, clock: virtualClock(START), settings: () => settings },
    log: { info: () => undefined, warn: () => undefined },
  });
  const routes = [routeAs('one'), routeAs('two'), routeAs('one'), routeAs('one', { verify: false })];
  for (const route of routes) {
    const result = await carriers.carry(jobTo('x@far.example', route));
    assert.equal(result.type === 'attempted' && result.attempts[0]?.type, 'relayed');
  }
  carriers.close();
  const logins = network.hosts['mta:587']?.heard.flatMap(({ line }) => {
    const credentials = /^AUTH PLAIN (.*)/.exec(line)?.[1];
    return credentials === undefined ? [] : [Buffer.from(credentials, 'base64').toString().split('\0')[1]];
  });
  assert.deepEqual(logins, ['one', 'two', 'one']);
});

test('E-Q-6: a hop that is down is named, with since when and why, until it is back; so is a directory that can not be written', async () => {
  const network = fakeNetwork({ 'nowhere:587': { dial: 'ECONNREFUSED' } });
  const clock = virtualClock(START);
  const said: string[] = [];
  const settings: RelaySettings = {
    ...{ hostname: 'msa.example.org', domains: ['example.org'], route: routeAs('one'), routes: {} },
    ...{ retryMs: [900_000], expireMs: 1, delayNoticeMs: 1, connectionsMax: 5, memoryOctets: 1_000_000 },
  };
  const carriers = createCarriers({
    ...{ network, clock, settings: () => settings },
    log: { info: (_, words) => void said.push(words), warn: (_, words) => void said.push(words) },
  });
  const nowhere = { type: 'hops', hops: [{ ...hopOf('one'), host: 'nowhere' }] } as const;
  for (let n = 0; n < 2; n += 1) await carriers.carry(jobTo('x@far.example', nowhere));
  const files = { type: 'files', directory: '/dev/null/here' } as const;
  for (let n = 0; n < 2; n += 1) await carriers.carry(jobTo('x@far.example', files));
  const [hop, directory, ...others] = carriers.downRoutes;
  assert.deepEqual(others, []);
  assert.match(hop?.route ?? '', /nowhere:587/);
  assert.equal(hop?.since, START);
  assert.notEqual(hop?.diagnostic, '');
  assert.equal(directory?.route, '/dev/null/here');
  assert.deepEqual(
    said,
    Array.from({ length: 2 }, () => 'next hop is down, its mail waits'),
  );
});

test('E-Q-6: what a hop was found to take is told: so many connections, so many messages each', async () => {
  const mta = host();
  mta.greeting = (open) => (open > 2 ? '421 4.7.0 too many' : '220 ready');
  mta.mail = (nth) => (nth > 3 ? '451 4.4.5 too many messages' : '250 2.1.0 ok');
  const open = { protocol: 'smtp', host: 'mta', port: 587, tls: 'none', verify: false } as const;
  const route = { type: 'hops', hops: [open] } as const;
  let settings: RelaySettings = {
    ...{ hostname: 'msa.example.org', domains: ['example.org'], route, routes: {} },
    ...{ retryMs: [900_000], expireMs: 1, delayNoticeMs: 1, connectionsMax: 5, memoryOctets: 1_000_000 },
  };
  const carriers = createCarriers({
    ...{ network: simulatedNetwork({ mta }), clock: virtualClock(START), settings: () => settings },
    log: { info: () => undefined, warn: () => undefined },
  });
  assert.deepEqual(carriers.learned, []);
  await Promise.all(Array.from({ length: 20 }, (_, n) => carriers.carry(jobTo(`r${n}@far.example`, route))));
  const again = structuredClone(route);
  await carriers.carry(jobTo('r20@far.example', again));
  assert.equal(mta.received.length, 21);
  const learned = [{ route: 'smtp mta:587', connections: 2, messages: 3 }];
  assert.deepEqual(carriers.learned, learned, 'once, however many routes are equal to it');
  mta.up = false;
  await carriers.carry(jobTo('r21@far.example', { ...route, hops: [{ ...open, port: 26 }] }));
  assert.equal(carriers.downRoutes.length, 1);
  settings = { ...settings };
  assert.deepEqual([carriers.learned, carriers.downRoutes], [[], []], 'a reload begins again');
  carriers.close();
});

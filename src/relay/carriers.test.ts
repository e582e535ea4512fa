// Which routes share connections: those that are equal in everything a connection is made of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { errandTo, START } from '../../test/fakes/errand.ts';
import { CAPABILITIES, fakeNetwork } from '../../test/fakes/smtp-hosts.ts';
import { createCarriers } from './carriers.ts';
import type { Hop, RelaySettings, Route } from './settings.ts';

const routeAs = (user: string, more: Partial<Hop> = {}): Route => {
  const auth = { user, password: 'secret' };
  const hop: Hop = { protocol: 'smtp', host: 'mta', port: 587, tls: 'required', verify: true, auth, ...more };
  return { type: 'hops', hops: [hop] };
};

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
    const result = await carriers.carry(errandTo('x@far.example', route));
    assert.equal(result.type === 'attempted' && result.attempts[0]?.type, 'relayed');
  }
  carriers.close();
  const logins = network.hosts['mta:587']?.heard.flatMap(({ line }) => {
    const credentials = /^AUTH PLAIN (.*)/.exec(line)?.[1];
    return credentials === undefined ? [] : [Buffer.from(credentials, 'base64').toString().split('\0')[1]];
  });
  assert.deepEqual(logins, ['one', 'two', 'one']);
});

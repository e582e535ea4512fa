// The next hops of a configuration, named the same with passwords and without: of each domain one takes the mail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { withoutSecrets } from '../config/without-secrets.ts';
import { takesDomain } from '../store/hop-domains.ts';
import { nextHops } from './next-hops.ts';

const text = `hostname: a.example.org
domains: [example.org]
tls: { cert: c, key: k }
relay:
  smarthost: ['smtp://u:Tr0ub4dor%3F@mta1', 'smtp://u@mta2:25']
  password: Tr0ub4dor
  routes:
    example.org: { lmtp: 'unix:/run/lmtp' }
    far.example: { smarthost: 'smtps://far' }
    farther.example: { smarthost: 'smtps://far' }
    same.example: { smarthost: ['smtp://u:Tr0ub4dor%3F@mta1', 'smtp://u@mta2:25'] }
    lab.example: { files: ./lab }`;

test('a hop is named as the log names it, with passwords and without', () => {
  const config = parseConfig(text, 'x');
  for (const one of [config, withoutSecrets(config)]) {
    const hops = nextHops(one);
    assert.deepEqual(
      hops.map(({ name }) => name),
      ['smtp mta1:587, smtp mta2:25', 'lmtp /run/lmtp', 'smtp far:465', 'files'],
    );
    for (const [domain, hop] of [
      ['example.org', 'lmtp /run/lmtp'],
      ['far.example', 'smtp far:465'],
      ['farther.example', 'smtp far:465'],
      ['lab.example', 'files'],
      ['any.example', 'smtp mta1:587, smtp mta2:25'],
      ['same.example', 'smtp mta1:587, smtp mta2:25'],
      ['constructor', 'smtp mta1:587, smtp mta2:25'],
    ] as const)
      assert.deepEqual(
        hops.filter((one) => takesDomain(one, domain)).map(({ name }) => name),
        [hop],
        domain,
      );
  }
});

// The name of the next hop of a domain, the same with passwords and without.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { withoutSecrets } from '../config/without-secrets.ts';
import { hopOfDomain } from './hop-of-domain.ts';

const text = `hostname: a.example.org
domains: [example.org]
tls: { cert: c, key: k }
relay:
  smarthost: ['smtp://u:Tr0ub4dor%3F@mta1', 'smtp://u@mta2:25']
  password: Tr0ub4dor
  routes:
    example.org: { lmtp: 'unix:/run/lmtp' }
    far.example: { smarthost: 'smtps://far' }
    lab.example: { files: ./lab }`;

test('a hop is named as the log names it, with passwords and without', () => {
  const config = parseConfig(text, 'x');
  for (const one of [config, withoutSecrets(config)])
    for (const [domain, hop] of [
      ['example.org', 'lmtp /run/lmtp'],
      ['far.example', 'smtp far:465'],
      ['lab.example', 'files'],
      ['any.example', 'smtp mta1:587, smtp mta2:25'],
      ['constructor', 'smtp mta1:587, smtp mta2:25'],
    ] as const)
      assert.equal(hopOfDomain(one, domain), hop, domain);
});

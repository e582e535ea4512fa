import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileProbes, type SelfTestFacts } from './self-test.ts';

const facts: SelfTestFacts = {
  hostname: 'mail.example.org',
  domains: new Set(['example.org']),
  displayNames: 'refuse',
  ownAddresses: ['192.0.2.1'],
};

const sound: readonly (readonly [Partial<SelfTestFacts>, string])[] = [
  [{}, 'the smallest configuration'],
  [{ displayNames: 'allow' }, 'display names unchecked'],
  [{ domains: new Set(['postern.test']) }, 'the demo'],
  [
    { domains: new Set(['example.org', 'tenant2.example', 'far.example']) },
    'several domains, one of them in the probes',
  ],
  [{ domains: new Set(['xn--bcher-kva.example']) }, 'an A-label'],
  [{ domains: new Set(['mail.example.org']) }, 'the host name itself'],
  [{ domains: new Set(['example.org', 'sub.example.org']) }, 'a subdomain'],
];

test('F-REL-1/3 F-REL-14 F-FROM-0 BCP134-4.1-d: a sound configuration passes every hostile probe', () => {
  for (const [change, why] of sound) assert.deepEqual(hostileProbes({ ...facts, ...change }), [], why);
});

const unsafe: readonly (readonly [readonly string[], string])[] = [
  [[], 'no domain'],
  [['*'], 'a wildcard'],
  [['org'], 'a whole top-level domain'],
  [['Example.org'], 'not canonical, would never match'],
  [['example.org', '*.example.org'], 'a wildcard beside a good one'],
  [['[192.0.2.1]'], 'a literal'],
  [['relay-probe.invalid'], 'a domain that cannot exist'],
  [['b\u00fccher.example'], 'a U-label'],
  [[''], 'empty'],
];

test('BCP134-3.2-e: a configuration that would relay for a stranger is refused, with the reason', () => {
  for (const [domains, why] of unsafe) {
    const failures = hostileProbes({ ...facts, domains: new Set(domains) });
    assert.notEqual(failures.length, 0, why);
    for (const failure of failures) {
      assert.match(failure.source, /^(RFC|BCP) /);
      assert.notEqual(failure.got, '');
    }
  }
});

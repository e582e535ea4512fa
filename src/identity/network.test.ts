import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from '../base/address-network.ts';
import { networksOf } from './network.ts';

const rows: readonly (readonly [string, string])[] = [
  ['192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:ffff::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:192.0.2.77', '192.0.2.0/24'],
  ['::ffff:c000:24d', '192.0.2.0/24'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['local', 'local'],
];

test('D-OUT-4: guesses count by /24 and /64, however the address is written', () => {
  for (const [address, network] of rows) assert.equal(networkOf(address), network, address);
});

test('F-AUTH-1: an IPv6 address belongs to its /64, /56 and /48, the wider ones with wider limits', () => {
  assert.deepEqual(networksOf('2001:db8:1:abcd::7'), [
    { network: '2001:db8:1:abcd::/64', factor: 1 },
    { network: '2001:db8:1:ab00::/56', factor: 4 },
    { network: '2001:db8:1::/48', factor: 16 },
  ]);
  assert.deepEqual(networksOf('::ffff:192.0.2.77'), [{ network: '192.0.2.0/24', factor: 1 }]);
  assert.deepEqual(networksOf('local'), [{ network: 'local', factor: 1 }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionNetworkOf } from '../identity/network.ts';
import { createAdmission } from './admission.ts';

const limits = {
  unauthenticatedPerNetwork: 2,
  perIdentity: 1,
  total: 5,
  exempt: ['198.51.100.0/24', '2001:db8:1::/48'],
};

test('5321-ak F-DOS-2: a network gets its share of connections, others are not touched, and leaving gives it back', () => {
  const admission = createAdmission(limits);
  const first = admission.connected('192.0.2.1');
  assert.equal(first.admitted, true);
  assert.equal(admission.connected('192.0.2.1').admitted, true);
  const third = admission.connected('192.0.2.1');
  assert.equal(third.admitted, false);
  assert.equal(admission.connected('192.0.2.2').admitted, true);
  third.left();
  first.left();
  first.left();
  assert.equal(admission.connections, 2);
  assert.equal(admission.connected('192.0.2.1').admitted, true);
});

test('an authenticated connection counts for its identity, no longer for its network', () => {
  const admission = createAdmission(limits);
  const [a, b] = [admission.connected('192.0.2.1'), admission.connected('192.0.2.1')];
  assert.equal(a.authenticated('alice'), true);
  assert.equal(b.authenticated('alice'), false);
  assert.equal(admission.connected('192.0.2.1').admitted, true);
  a.left();
  assert.equal(b.authenticated('alice'), true);
});

test('exempt networks have no limit of their own, the total holds for everybody', () => {
  const admission = createAdmission(limits);
  const seen = Array.from({ length: 6 }, () => admission.connected('198.51.100.7').admitted);
  assert.deepEqual(seen, [true, true, true, true, true, false]);
});

test('an IPv6 network is a /64 in every spelling', () => {
  for (const address of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:0:0:1', '2001:db8:1:2:3:4:5:6']) {
    assert.equal(connectionNetworkOf(address), '2001:db8:1:2::/64', address);
  }
  assert.equal(connectionNetworkOf('::1'), '0:0:0:0::/64');
  assert.equal(connectionNetworkOf('192.0.2.9'), '192.0.2.9');
});

test('F-DOS-2: who was turned away takes no place from others, and whoever has left takes none afterwards', () => {
  const admission = createAdmission(limits);
  const flood = Array.from({ length: 50 }, () => admission.connected('192.0.2.1'));
  assert.equal(flood.filter(({ admitted }) => admitted).length, limits.unauthenticatedPerNetwork);
  assert.equal(admission.connections, limits.unauthenticatedPerNetwork);
  assert.equal(admission.connected('192.0.2.2').admitted, true);
  for (const ticket of flood) ticket.left();
  assert.equal(admission.connections, 1);
  assert.equal(flood[0]?.authenticated('alice'), false);
  assert.equal(admission.connected('192.0.2.3').authenticated('alice'), true);
});

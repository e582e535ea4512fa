import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionNetworkOf } from '../identity/network.ts';
import { type Admission, type AdmissionLimits, createAdmission, type Ticket } from './admission.ts';
import { beginMinute, openCounts, planCounts } from './counts.ts';

const limits: AdmissionLimits = {
  unauthenticatedPerNetwork: 2,
  newPerMinute: undefined,
  perIdentity: 1,
  total: 5,
  totalOfStrangers: 3,
  exempt: ['198.51.100.0/24', '2001:db8:1::/48'],
};

/** As the fronts of one process. */
function fronts(count: number, changed: Partial<AdmissionLimits> = {}) {
  const plan = planCounts({ rows: count, connections: 1000, key: Buffer.from('sixteen octets..') });
  const admissions = Array.from({ length: count }, (_, row) =>
    createAdmission({ ...limits, ...changed }, openCounts(plan, row)),
  );
  return { plan, admissions };
}

function single(changed: Partial<AdmissionLimits> = {}): Admission {
  const [admission] = fronts(1, changed).admissions;
  assert.ok(admission !== undefined);
  return admission;
}

test('5321-ak F-DOS-2/3: a network gets its share of connections, others are not touched, and leaving gives it back', () => {
  const admission = single();
  const first = admission.connected('192.0.2.1', 'submission');
  assert.equal(first.admitted, true);
  assert.equal(admission.connected('192.0.2.1', 'submission').admitted, true);
  const third = admission.connected('192.0.2.1', 'submission');
  assert.equal(third.admitted, false);
  assert.equal(admission.connected('192.0.2.2', 'submission').admitted, true);
  third.left();
  first.left();
  first.left();
  assert.equal(admission.connections, 2);
  assert.equal(admission.connected('192.0.2.1', 'submission').admitted, true);
});

test('an authenticated connection counts for its identity, no longer for its network', () => {
  const admission = single();
  const [a, b] = ['192.0.2.1', '192.0.2.1'].map((address) => admission.connected(address, 'submission'));
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(a.authenticated('alice'), true);
  assert.equal(b.authenticated('alice'), false);
  assert.equal(admission.connected('192.0.2.1', 'submission').admitted, true);
  a.left();
  assert.equal(b.authenticated('alice'), true);
});

test('a connection whose login was called off counts for the next identity alone', () => {
  const admission = single();
  const [a, b] = ['192.0.2.1', '192.0.2.2'].map((address) => admission.connected(address, 'submission'));
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(a.authenticated('bob'), true);
  assert.equal(b.authenticated('alice'), true);
  assert.equal(a.authenticated('alice'), false, 'she has too many');
  b.left();
  assert.equal(a.authenticated('alice'), true);
  const c = admission.connected('192.0.2.3', 'submission');
  assert.equal(c.authenticated('bob'), true);
  assert.equal(c.authenticated('alice'), false);
  a.left();
  assert.equal(c.authenticated('alice'), true);
});

test('exempt networks have no limit of their own, the total holds for everybody', () => {
  const admission = single({ newPerMinute: 3 });
  const seen = Array.from({ length: 6 }, () => admission.connected('198.51.100.7', 'submission').admitted);
  assert.deepEqual(seen, [true, true, true, true, true, false]);
  assert.deepEqual([admission.isExempt('198.51.100.9'), admission.isExempt('198.51.101.9')], [true, false]);
});

test('an IPv6 network is a /64 in every spelling', () => {
  for (const address of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:0:0:1', '2001:db8:1:2:3:4:5:6']) {
    assert.equal(connectionNetworkOf(address), '2001:db8:1:2::/64', address);
  }
  assert.equal(connectionNetworkOf('::1'), '0:0:0:0::/64');
  assert.equal(connectionNetworkOf('192.0.2.9'), '192.0.2.9');
  assert.equal(connectionNetworkOf('::ffff:192.0.2.9'), '192.0.2.9');
});

test('F-DOS-2/3: who has a /48 of IPv6 gets sixteen networks’ worth of connections, who has a /56 four', () => {
  const admission = single({ total: 1000 });
  const admitted = (addresses: readonly string[]): number =>
    addresses.filter((address) => admission.connected(address, 'submission').admitted).length;
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  assert.equal(admitted(numbers.map((n) => `2001:db8:7:${(0xa00 + n).toString(16)}::1`)), 4 * 2);
  assert.equal(admitted(numbers.map((n) => `2001:db8:8:${(n << 8).toString(16)}::1`)), 16 * 2);
  assert.equal(admitted(['2001:db8:9:1::1']), 1, 'another /48 is not touched');
});

test('F-DOS-2/3: who was turned away takes no place from others, and whoever has left takes none afterwards', () => {
  const admission = single();
  const flood = Array.from({ length: 50 }, () => admission.connected('192.0.2.1', 'submission'));
  assert.equal(flood.filter(({ admitted }) => admitted).length, limits.unauthenticatedPerNetwork);
  assert.equal(admission.connections, limits.unauthenticatedPerNetwork);
  assert.equal(admission.connected('192.0.2.2', 'submission').admitted, true);
  for (const ticket of flood) ticket.left();
  assert.equal(admission.connections, 1);
  assert.equal(flood[0]?.authenticated('alice'), false);
  assert.equal(admission.connected('192.0.2.3', 'submission').authenticated('alice'), true);
});

test('F-DOS-2/3: limits hold for the process, whichever front takes the connections', () => {
  const { admissions } = fronts(3, { total: 20, perIdentity: 4 });
  const all = Array.from({ length: 30 }, (_, n) => admissions[n % 3]);
  const ofOne = all.map((front) => front?.connected('192.0.2.1', 'submission'));
  assert.equal(ofOne.filter((ticket) => ticket?.admitted === true).length, 2, 'of a network');
  for (const ticket of ofOne) ticket?.left();
  const tickets = all.map((front, n) => front?.connected(`192.0.2.${n}`, 'submission'));
  assert.equal(tickets.filter((ticket) => ticket?.admitted === true).length, 20, 'in all');
  const own = tickets.filter((ticket) => ticket?.authenticated('alice') === true);
  assert.equal(own.length, 4, 'of an identity');
});

test('F-DOS-2/3: strangers’ mail has its own pot: users get in when it is full', () => {
  const admission = single();
  const strangers = Array.from({ length: 9 }, (_, n) => admission.connected(`192.0.2.${n}`, 'mx').admitted);
  assert.equal(strangers.filter(Boolean).length, limits.totalOfStrangers);
  const users = Array.from({ length: 9 }, (_, n) => admission.connected(`203.0.113.${n}`, 'submission'));
  assert.equal(users.filter(({ admitted }) => admitted).length, limits.total - limits.totalOfStrangers);
});

test('F-DOS-2/3: of those that are turned away few are told so and counted, the others are closed at once', () => {
  const admission = single({ total: 1000 });
  const flood = Array.from({ length: 300 }, () => admission.connected('192.0.2.1', 'submission'));
  const turnedAway = flood.filter(({ admitted }) => !admitted);
  assert.equal(turnedAway.filter(({ mayBeTold }) => mayBeTold).length, 50, 'a twentieth of all');
  assert.equal(admission.connected('192.0.2.1', 'submission').mayBeTold, false);
  for (const ticket of turnedAway) {
    ticket.left();
    ticket.left();
  }
  assert.equal(admission.connected('192.0.2.1', 'submission').mayBeTold, true, 'they have left');
});

test('F-DOS-2/3 F-DOS-9/2: a network may begin so many connections a minute; those that log in are free', () => {
  const { plan, admissions } = fronts(2, { newPerMinute: 10, perIdentity: 1000, total: 1000 });
  const [one, other] = admissions;
  assert.ok(one !== undefined && other !== undefined);
  for (let n = 0; n < 100; n += 1) {
    const ticket: Ticket = one.connected('192.0.2.1', 'submission');
    assert.equal(ticket.authenticated('alice'), true);
    ticket.left();
  }
  const come = (front: Admission): boolean => {
    const ticket = front.connected('192.0.2.1', 'submission');
    ticket.left();
    return ticket.admitted;
  };
  assert.equal(
    Array.from({ length: 20 }, (_, n) => come(n % 2 === 0 ? one : other)).filter(Boolean).length,
    10,
  );
  assert.equal(one.connected('192.0.2.2', 'submission').admitted, true, 'another network');
  beginMinute(plan);
  assert.equal(come(other), true);
});

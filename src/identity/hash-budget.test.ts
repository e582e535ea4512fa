import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHashBudget, hashBudgetDefaults, type HashPayer } from './hash-budget.ts';
import { networksOf } from './network.ts';

const payer = (address: string, more: Partial<HashPayer> = {}): HashPayer => ({
  networks: networksOf(address),
  known: false,
  ...more,
});
const { burst, own } = hashBudgetDefaults;

function charged(budget: ReturnType<typeof createHashBudget>, by: HashPayer, times: number, now = 0): number {
  let count = 0;
  for (let n = 0; n < times; n += 1) if (budget.charge(by, now) !== undefined) count += 1;
  return count;
}

test('F-AUTH-6/3: a network may spend its burst, then one hash a second; what is refused costs nothing', () => {
  const budget = createHashBudget();
  assert.equal(charged(budget, payer('192.0.2.1'), 1000), burst);
  assert.equal(charged(budget, payer('192.0.2.99'), 1000, 10_000), 10, 'the same /24');
  assert.equal(charged(budget, payer('192.0.3.1'), 1000), burst, 'another one');
});

test('F-AUTH-6/3: what led to a login is taken back; a clock that goes back brings nothing', () => {
  const budget = createHashBudget();
  const office = payer('192.0.2.1');
  for (let n = 0; n < 1000; n += 1) {
    const charge = budget.charge(office, 1000);
    assert.ok(charge);
    charge.takeBack(1000);
  }
  assert.equal(charged(budget, office, 100, 1000), burst);
  assert.equal(charged(budget, office, 100, 0), 0);
});

test('F-AUTH-6/3: known networks have three times as much, shared ones are not charged', () => {
  const budget = createHashBudget();
  assert.equal(charged(budget, payer('192.0.2.1', { known: true }), 1000), 3 * burst);
  assert.equal(charged(budget, payer('192.0.3.1', { shared: true }), 1000), 1000);
  assert.equal(charged(budget, payer('192.0.3.1'), 1000), burst);
});

test('F-AUTH-6/3: the networks of a /48 share sixteen bursts', () => {
  const budget = createHashBudget();
  let count = 0;
  for (let n = 0; n < 2000; n += 1)
    if (budget.charge(payer(`2001:db8:1:${((n * 256) % 65_536).toString(16)}::1`), 0) !== undefined)
      count += 1;
  assert.equal(count, 16 * burst);
});

test('F-AUTH-6/3: when the network has spent its own, each address has a few; a charge comes back where it was made, and once', () => {
  const budget = createHashBudget();
  const flood = payer('192.0.2.1', { own: ['192.0.2.1'] });
  assert.equal(charged(budget, flood, 1000), burst + own.burst);
  const neighbour = payer('192.0.2.77', { own: ['192.0.2.77'] });
  for (let n = 0; n < 100; n += 1) {
    const charge = budget.charge(neighbour, 0);
    assert.ok(charge);
    charge.takeBack(0);
    charge.takeBack(0);
  }
  assert.equal(charged(budget, flood, 100), 0, 'nothing of it went back to the network');
  assert.equal(charged(budget, neighbour, 100), own.burst);
  assert.equal(charged(budget, payer('192.0.2.77', { own: ['192.0.2.77', 'bob'] }), 100), own.burst);
});

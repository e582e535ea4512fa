import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHashBudget, hashBudgetDefaults, type HashPayer } from './hash-budget.ts';
import { networksOf } from './network.ts';

const payer = (address: string, more: Partial<HashPayer> = {}): HashPayer => ({
  networks: networksOf(address),
  known: false,
  ...more,
});
const { burst } = hashBudgetDefaults;

function charged(budget: ReturnType<typeof createHashBudget>, by: HashPayer, times: number, now = 0): number {
  let count = 0;
  for (let n = 0; n < times; n += 1) if (budget.charge(by, now)) count += 1;
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
    assert.ok(budget.charge(office, 1000));
    budget.takeBack(office, 1000);
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
    if (budget.charge(payer(`2001:db8:1:${((n * 256) % 65_536).toString(16)}::1`), 0)) count += 1;
  assert.equal(count, 16 * burst);
});

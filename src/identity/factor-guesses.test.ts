// Guesses at second factors: slower each time, refused at last, for whoever guesses; and nothing of that for whoever shows the right one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFactorGuesses, type FactorLeave } from './factor-guesses.ts';
import { createGuessing, guessingDefaults } from './guessing.ts';

const { free, refuseFrom = 0 } = guessingDefaults.pair;

function open(isShared = false) {
  let now = 0;
  const guessing = createGuessing();
  const ask = createFactorGuesses({ guessing, clock: { monotonic: () => now }, isShared: () => isShared });
  const begin = (shown: string, address = '192.0.2.1', whose = 'alice'): FactorLeave =>
    ask({ begin: whose, address, shown }) as FactorLeave;
  return {
    ...{ begin, guessing },
    pass: (ms: number) => (now += ms),
    end(leave: FactorLeave, isRight: boolean) {
      assert.ok(leave.type === 'verify');
      ask({ end: leave.attempt, isRight });
    },
  };
}

test('a few are free, then each waits longer, and then none is looked at; elsewhere and later the owner goes on', () => {
  const at = open();
  const leaves = Array.from({ length: refuseFrom + 1 }, (_, tries) => at.begin(String(tries)));
  assert.ok(leaves.slice(0, free).every(({ type, delayMs }) => type === 'verify' && delayMs === 0));
  const delays = leaves.map(({ delayMs }) => delayMs);
  assert.deepEqual(
    delays,
    delays.toSorted((one, other) => one - other),
  );
  assert.deepEqual(
    leaves.map(({ type }) => type),
    [...Array.from({ length: refuseFrom }, () => 'verify'), 'refuse'],
  );
  assert.equal(at.begin('right', '198.51.100.1').type, 'verify');
  assert.equal(at.begin('right', '192.0.2.1', 'bob').type, 'verify');
  at.pass(guessingDefaults.halfLifeMs);
  assert.equal(at.begin('right').type, 'verify');
});

test('where codes of the app are refused a recovery code is looked at, and a wrong one answered as late as can be', () => {
  const at = open();
  const recovery = (tries: number): string => `4Q7W-J2ZK-X8K2-P${String(tries).padStart(3, '0')}`;
  for (let tries = 0; tries < 2 * refuseFrom; tries += 1)
    assert.equal(at.begin(recovery(tries)).type, 'verify');
  for (const shown of ['123456', '{"answer":"of a passkey"}', '4Q7W-J2ZK', ''])
    assert.equal(at.begin(shown).type, 'refuse', shown);
  const leave = at.begin(recovery(999));
  assert.deepEqual([leave.type, leave.delayMs], ['verify', guessingDefaults.pair.delayMsMax]);
  at.end(leave, true);
  assert.equal(at.begin('123456').type, 'refuse', 'for codes of the app it stays so');
});

test('what was right, or could not be judged, is not counted', () => {
  for (const isRight of [true, false]) {
    const at = open();
    for (let tries = 0; tries < 2 * refuseFrom; tries += 1) at.end(at.begin(String(tries)), isRight);
    assert.equal(at.begin('other').delayMs, 0);
  }
});

test('from where the right one came none is refused: somebody else there keeps its owner waiting at most', () => {
  const at = open();
  at.end(at.begin('right'), true);
  const leaves = Array.from({ length: 2 * refuseFrom }, (_, tries) => at.begin(String(tries)));
  assert.ok(leaves.every(({ type }) => type === 'verify'));
  assert.ok((leaves.at(-1)?.delayMs ?? 0) > 0);
});

test('a right password forgives no wrong code', () => {
  const at = open();
  for (let tries = 0; tries < 2 * refuseFrom; tries += 1) {
    at.begin(String(tries));
    const password = { network: '192.0.2.0/24', account: 'alice', fingerprint: 'password' };
    const leave = at.guessing.begin(password, 0);
    if (leave.type === 'verify') leave.succeeded(0);
  }
  assert.equal(at.begin('one more').type, 'refuse');
});

test('who tries the codes of many accounts is refused as a network, but where many share one', () => {
  for (const [isShared, type] of [
    [false, 'refuse'],
    [true, 'verify'],
  ] as const) {
    const at = open(isShared);
    for (let tries = 0; tries < (guessingDefaults.network.refuseFrom ?? 0); tries += 1)
      at.begin('000000', '192.0.2.1', `account ${tries}`);
    assert.equal(at.begin('000000', '192.0.2.1', 'one more').type, type);
  }
});

test('an end that is said twice, or of none, takes nothing back', () => {
  const at = open();
  const first = at.begin('first');
  at.end(first, false);
  const all = Array.from({ length: free }, (_, tries) => at.begin(String(tries)));
  at.end(first, false);
  at.end({ type: 'verify', attempt: 4711, delayMs: 0 }, true);
  assert.equal(all.length, free);
  assert.ok(at.begin('next').delayMs > 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGuessing, guessingDefaults, type Attempt, type Guessing } from './guessing.ts';
import { networksOf } from './network.ts';

const MINUTE = 60_000;
const start = Date.UTC(2026, 10, 23);

const guess = (
  secret: string | number,
  account = 'alice@example.org',
  network = '192.0.2.0/24',
): Attempt => ({
  network,
  account,
  fingerprint: `${account} ${secret}`,
});

function guessMany(
  guessing: Guessing,
  count: number,
  attemptOf: (at: number) => Attempt,
  now = start,
): number {
  let refused = 0;
  for (let at = 0; at < count; at += 1)
    if (guessing.begin(attemptOf(at), now).type === 'refuse') refused += 1;
  return refused;
}

test('F-AUTH-1 D-OUT-4: delays grow with distinct wrong secrets, stay bounded, and then the network is refused', () => {
  const guessing = createGuessing();
  const delays: number[] = [];
  for (let at = 0; at < 20; at += 1) {
    const leave = guessing.begin(guess(at), start);
    assert.equal(leave.type, 'verify');
    delays.push(leave.delayMs);
  }
  assert.deepEqual(delays.slice(0, 9), [0, 0, 0, 500, 1000, 2000, 4000, 8000, 16_000]);
  assert.equal(Math.max(...delays), 20_000);
  const over = guessing.begin(guess('next'), start);
  assert.ok(over.type === 'refuse' && over.delayMs === 20_000 && /ends in \d+ s/.test(over.because));
});

test('D-OUT-4: a thousand bad tries from one network do not touch the owner elsewhere', () => {
  const guessing = createGuessing();
  assert.equal(
    guessMany(guessing, 1000, (at) => guess(at)),
    980,
  );
  const elsewhere = guessing.begin(guess('right', 'alice@example.org', '198.51.100.0/24'), start);
  assert.deepEqual(elsewhere, { type: 'verify', delayMs: 0 });
});

test('D-OUT-4: nor from the same network, once it is known good for the account', () => {
  const guessing = createGuessing();
  const right = guess('right');
  guessing.begin(right, start);
  guessing.succeeded(right, start);
  assert.equal(
    guessMany(guessing, 1000, (at) => guess(at)),
    0,
  );
  assert.equal(guessing.begin(right, start).type, 'verify');
  // The neighbours' accounts are not excused by that.
  assert.ok(guessMany(guessing, 1000, (at) => guess(at, 'bob@example.org')) > 900);
  assert.equal(guessing.isKnownGood(right, start + 31 * 86_400_000), false);
});

test('D-OUT-4: the same wrong secret counts once, however often and however parallel', () => {
  const guessing = createGuessing();
  assert.equal(
    guessMany(guessing, 1000, () => guess('old password')),
    0,
  );
  assert.equal(guessing.begin(guess('right'), start).delayMs, 0);
});

test('F-AUTH-1: spraying one secret over many accounts is stopped by the network count', () => {
  const guessing = createGuessing();
  const refused = guessMany(guessing, 1000, (at) => guess('summer2026', `user${at}@example.org`));
  assert.equal(refused, 1000 - 300);
});

test('F-AUTH-2: a name that does not exist is counted like one that does: nothing here knows the difference', () => {
  const [one, other] = [createGuessing(), createGuessing()];
  for (let at = 0; at < 40; at += 1) {
    const known = one.begin(guess(at, 'alice@example.org'), start + at);
    const unknown = other.begin(guess(at, 'nobody@example.org'), start + at);
    assert.deepEqual(known, unknown);
  }
});

test('D-OUT-4: many networks against one account are delayed, never refused', () => {
  const guessing = createGuessing();
  const refused = guessMany(guessing, 5000, (at) =>
    guess(at, 'alice@example.org', `10.${at >> 8}.${at & 255}.0/24`),
  );
  assert.equal(refused, 0);
  const owner = guessing.begin(guess('right', 'alice@example.org', '198.51.100.0/24'), start);
  assert.equal(owner.delayMs, guessingDefaults.account.delayMsMax);
});

test('D-OUT-4: a block ends by itself', () => {
  const guessing = createGuessing();
  guessMany(guessing, 25, (at) => guess(at));
  assert.equal(guessing.begin(guess('a'), start).type, 'refuse');
  assert.equal(guessing.begin(guess('b'), start + 2 * MINUTE).type, 'verify');
  assert.equal(guessing.begin(guess('c'), start + 24 * 60 * MINUTE).delayMs, 0);
});

test('D-OUT-4: a clock that steps back forgives nothing and blocks nobody for longer', () => {
  const guessing = createGuessing();
  guessMany(guessing, 25, (at) => guess(at));
  assert.equal(guessing.begin(guess('a'), start - 60 * MINUTE).type, 'refuse');
  assert.equal(guessing.begin(guess('a'), start + 60 * MINUTE).type, 'verify');
});

test('D-OUT-4: success and what could not be judged leave no trace in the counts', () => {
  const guessing = createGuessing();
  for (let at = 0; at < 500; at += 1) {
    const attempt = guess('right', `user${at}@example.org`);
    guessing.begin(attempt, start);
    if (at % 2 === 0) guessing.succeeded(attempt, start);
    else guessing.withdrawn(attempt, start);
  }
  assert.equal(guessing.begin(guess('x', 'new@example.org'), start).delayMs, 0);
});

test('F-AUTH-1: success with an own account does not wash off the guesses at others', () => {
  const guessing = createGuessing();
  for (let at = 0; at < 400; at += 1) {
    guessing.begin(guess(at, `victim${at}@example.org`), start);
    const own = guess('mine', 'mallory@example.org');
    guessing.begin(own, start);
    guessing.succeeded(own, start);
  }
  assert.equal(guessing.begin(guess('x', 'next@example.org'), start).type, 'refuse');
});

test('D-OUT-4: where many users share an address by design, only the pair counts', () => {
  const guessing = createGuessing();
  const shared = (at: number): Attempt => ({ ...guess(at, `user${at}@example.org`), shared: true });
  assert.equal(guessMany(guessing, 1000, shared), 0);
  const alice = { ...guess('x'), shared: true };
  assert.equal(guessing.begin(alice, start).delayMs, 0);
});

test('F-AUTH-1: whoever has a /48 of IPv6 gets no fresh start in each of its networks', () => {
  const attemptIn =
    (address: (at: number) => string) =>
    (at: number): Attempt => {
      const [own, ...wider] = networksOf(address(at));
      return { ...guess('s', `user${at}@example.org`, own?.network), wider };
    };
  const in56 = attemptIn((at) => `2001:db8:1:${(0x700 + (at % 256)).toString(16)}::1`);
  assert.equal(guessMany(createGuessing(), 2000, in56), 2000 - 4 * 300);
  const in48 = attemptIn((at) => `2001:db8:2:${(at % 65_536).toString(16)}::1`);
  const guessing = createGuessing();
  assert.equal(guessMany(guessing, 6000, in48) > 6000 - 16 * 300 - 1, true);
  assert.equal(guessing.begin(attemptIn(() => '2001:db8:3::1')(0), start).type, 'verify', 'another /48');
});

test('D-OUT-4: wider networks of a shared one count nothing either', () => {
  const guessing = createGuessing();
  const [own, ...wider] = networksOf('2001:db8:1:700::1');
  const shared = (at: number): Attempt => ({ ...guess('s', `u${at}`, own?.network), wider, shared: true });
  assert.equal(guessMany(guessing, 2000, shared), 0);
  assert.equal(guessing.begin({ ...shared(1), shared: false, account: 'new' }, start).delayMs, 0);
});

test('F-AUTH-6/4 D-OUT-4: memory and delay are bounded whatever comes', () => {
  const settings = { ...guessingDefaults, entriesMax: 50 };
  const attempt = fc.record({
    network: fc.nat(200).map(String),
    account: fc.nat(200).map(String),
    fingerprint: fc.nat(200).map(String),
  });
  const act = fc.tuple(attempt, fc.constantFrom('fails', 'succeeds', 'withdrawn'), fc.nat(MINUTE));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
      const guessing = createGuessing(settings);
      let now = start;
      for (const [made, end, later] of acts) {
        now += later;
        const leave = guessing.begin(made, now);
        assert.ok(leave.delayMs >= 0 && leave.delayMs <= 20_000);
        if (leave.type === 'verify' && end === 'succeeds') guessing.succeeded(made, now);
        if (leave.type === 'verify' && end === 'withdrawn') guessing.withdrawn(made, now);
        assert.ok(guessing.size <= 4 * settings.entriesMax);
      }
    }),
    { seed: 20261123, numRuns: 200 },
  );
});

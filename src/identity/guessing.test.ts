import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Guess } from './guess-counts.ts';
import { createGuessing, guessingDefaults, type Guessing, type Leave } from './guessing.ts';
import { networksOf } from './network.ts';

const MINUTE = 60_000;
const start = Date.UTC(2026, 10, 23);

const guess = (secret: string | number, account = 'alice@example.org', network = '192.0.2.0/24'): Guess => ({
  network,
  account,
  fingerprint: `${account} ${secret}`,
});

type End = 'fails' | 'succeeds' | 'withdrawn';

function ended(leave: Leave, end: End, now = start): void {
  if (leave.type === 'refuse') return;
  if (end === 'succeeds') leave.succeeded(now);
  if (end === 'withdrawn') leave.withdrawn(now);
}

function guessMany(guessing: Guessing, count: number, attemptOf: (at: number) => Guess, now = start): number {
  let refused = 0;
  for (let at = 0; at < count; at += 1)
    if (guessing.begin(attemptOf(at), now).type === 'refuse') refused += 1;
  return refused;
}

for (const [whose, attemptOf, most, seconds] of [
  ['one account', (at: number) => guess(at), 20, 60],
  ['many accounts', (at: number) => guess('x', `${at}@example.org`), 300, 4],
] as const)
  test(`after ${most} guesses at ${whose} one in ${seconds} seconds is looked at, and no more`, () => {
    const guessing = createGuessing();
    assert.equal(
      guessMany(guessing, most, (at) => attemptOf(-at)),
      0,
    );
    const lookedAt: number[] = [];
    for (let second = 0; lookedAt.length < 10; second += 1)
      if (guessing.begin(attemptOf(second), start + second * 1000).type === 'verify') lookedAt.push(second);
    const [first, ...gaps] = lookedAt.map((second, at) => second - (lookedAt[at - 1] ?? 0));
    assert.equal(first, 1, 'the count falls at once');
    assert.ok(
      gaps.every((gap) => gap >= seconds && gap <= seconds * 1.25),
      gaps.join(' '),
    );
  });

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
  assert.deepEqual([elsewhere.type, elsewhere.delayMs], ['verify', 0]);
});

test('D-OUT-4: nor from the same network, once it is known good for the account', () => {
  const guessing = createGuessing();
  const right = guess('right');
  ended(guessing.begin(right, start), 'succeeds');
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
    assert.deepEqual([known.type, known.delayMs], [unknown.type, unknown.delayMs]);
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
    ended(guessing.begin(attempt, start), at % 2 === 0 ? 'succeeds' : 'withdrawn');
  }
  assert.equal(guessing.begin(guess('x', 'new@example.org'), start).delayMs, 0);
});

test('F-AUTH-1: what could not be judged takes back nothing of an earlier failure with the same secret', () => {
  const guessing = createGuessing();
  guessMany(guessing, 14, (at) => guess(at));
  for (let at = 0; at < 14; at += 1) ended(guessing.begin(guess(at), start), 'withdrawn');
  for (let at = 0; at < 14; at += 1) ended(guessing.begin(guess(at), start), 'withdrawn');
  assert.equal(guessing.begin(guess('next'), start).delayMs, 20_000);
});

test('F-AUTH-1: what is taken back late is only what is left of it', () => {
  const guessing = createGuessing();
  guessMany(guessing, 8, (at) => guess(at));
  const underWay = Array.from({ length: 8 }, (_, at) => guessing.begin(guess(8 + at), start));
  for (const leave of underWay) ended(leave, 'withdrawn', start + 15 * MINUTE);
  assert.equal(guessing.begin(guess('next'), start + 15 * MINUTE).delayMs, 1000, 'half of eight');
});

const unlimited = { free: 0, doublesEvery: 1, delayMsMax: Infinity };
const unseen = { ...unlimited, delayMsMax: 0 };
const countedBy = {
  pair: { ...guessingDefaults, pair: unlimited, network: unseen, account: unseen },
  network: { ...guessingDefaults, pair: unseen, network: unlimited, account: unseen },
  account: { ...guessingDefaults, pair: unseen, network: unseen, account: unlimited },
};

test('F-AUTH-1 D-OUT-4: however attempts overlap and end, each count is at least the secrets that failed, at most the attempts that did', () => {
  const act = fc.record({
    account: fc.constantFrom('alice', 'bob'),
    secret: fc.nat(40),
    /** How the oldest or the newest attempt under way ends, before this one begins. */
    end: fc.constantFrom<End | 'none'>('none', 'none', 'fails', 'succeeds', 'withdrawn', 'withdrawn'),
    oldest: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const counting = Object.values(countedBy).map((settings) => createGuessing(settings));
      const underWay: { attempt: Guess; leaves: Leave[]; era: number }[] = [];
      const failed: (typeof underWay)[number][] = [];
      // A success forgives its pair whatever began before it.
      const eras: Record<string, number> = { alice: 0, bob: 0 };
      const eraOf = ({ account }: Guess): number => eras[account] ?? 0;
      function finish(one: (typeof underWay)[number] | undefined, end: End): void {
        for (const leave of one?.leaves ?? []) ended(leave, end);
        if (one === undefined || end === 'withdrawn') return;
        if (end === 'fails') failed.push(one);
        else eras[one.attempt.account] = eraOf(one.attempt) + 1;
      }
      for (const { account, secret, end, oldest } of acts) {
        if (end !== 'none') finish(oldest ? underWay.shift() : underWay.pop(), end);
        const attempt = guess(secret, account);
        const leaves = counting.map((one) => one.begin(attempt, start));
        underWay.push({ attempt, leaves, era: eraOf(attempt) });
      }
      for (const one of underWay) finish(one, 'withdrawn');

      const [byPair, byNetwork, byAccount] = counting;
      const ofAlice = failed.filter(({ attempt }) => attempt.account === 'alice');
      const inPair = ofAlice.filter(({ attempt, era }) => era === eraOf(attempt));
      const elsewhere = guess('probe', 'alice', '198.51.100.0/24');
      const seen = [
        [byPair, guess('probe', 'alice'), inPair, ofAlice],
        [byNetwork, guess('probe', 'new'), failed, failed],
        [byAccount, elsewhere, ofAlice, ofAlice],
      ] as const;
      for (const [guessing, probe, least, most] of seen) {
        const delayMs = guessing?.begin(probe, start).delayMs ?? 0;
        const count = delayMs === 0 ? 0 : Math.log2(delayMs / 500);
        const distinct = new Set(least.map(({ attempt }) => attempt.fingerprint)).size;
        assert.ok(
          count > distinct - 0.01 && count < most.length + 0.01,
          `${distinct} ${count} ${most.length}`,
        );
      }
    }),
    { seed: 20261129, numRuns: 200 },
  );
});

test('F-AUTH-1: success with an own account does not wash off the guesses at others', () => {
  const guessing = createGuessing();
  for (let at = 0; at < 400; at += 1) {
    guessing.begin(guess(at, `victim${at}@example.org`), start);
    ended(guessing.begin(guess('mine', 'mallory@example.org'), start), 'succeeds');
  }
  assert.equal(guessing.begin(guess('x', 'next@example.org'), start).type, 'refuse');
});

test('D-OUT-4: where many users share an address by design, only the pair counts', () => {
  const guessing = createGuessing();
  const shared = (at: number): Guess => ({ ...guess(at, `user${at}@example.org`), shared: true });
  assert.equal(guessMany(guessing, 1000, shared), 0);
  const alice = { ...guess('x'), shared: true };
  assert.equal(guessing.begin(alice, start).delayMs, 0);
});

test('F-AUTH-1: whoever has a /48 of IPv6 gets no fresh start in each of its networks', () => {
  const attemptIn =
    (address: (at: number) => string) =>
    (at: number): Guess => {
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
  const shared = (at: number): Guess => ({ ...guess('s', `u${at}`, own?.network), wider, shared: true });
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
  const act = fc.tuple(attempt, fc.constantFrom<End>('fails', 'succeeds', 'withdrawn'), fc.nat(MINUTE));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
      const guessing = createGuessing(settings);
      let now = start;
      for (const [made, end, later] of acts) {
        now += later;
        const leave = guessing.begin(made, now);
        assert.ok(leave.delayMs >= 0 && leave.delayMs <= 20_000);
        ended(leave, end, now);
        assert.ok(guessing.size <= 4 * settings.entriesMax);
      }
    }),
    { seed: 20261123, numRuns: 200 },
  );
});

test('D-OUT-4: guesses of the neighbours, and of others at the account, do not delay who is known good', () => {
  const guessing = createGuessing();
  const right = guess('right');
  ended(guessing.begin(right, start), 'succeeds');
  guessMany(guessing, 1000, (at) => guess(at, 'bob@example.org'));
  guessMany(guessing, 1000, (at) => guess(at, 'alice@example.org', '198.51.100.0/24'));
  const leave = guessing.begin(right, start);
  assert.deepEqual([leave.type, leave.delayMs], ['verify', 0]);
});

test('D-OUT-4: a network that became a shared one is free of what it was counted before', () => {
  const guessing = createGuessing();
  guessMany(guessing, 1000, (at) => guess(at, `user${at}@example.org`));
  assert.equal(guessing.begin(guess('x', 'new@example.org'), start).type, 'refuse');
  const shared = guessing.begin({ ...guess('x', 'new@example.org'), shared: true }, start);
  assert.deepEqual([shared.type, shared.delayMs], ['verify', 0]);
});
